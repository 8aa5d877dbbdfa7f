let n = 0;
exports.next = function () {
  n += 1;
  return n;
};
exports.name = 'counter';
