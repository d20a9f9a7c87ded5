const { posix } = require('node:path');

exports.joined = (...parts) => posix.join(...parts);
