const { inspect } = require('node:util');

exports.inspected = (value) => inspect(value);
