export const square = (x) => x * x;
export default function area(shape) {
  return shape.kind === 'square' ? square(shape.side) : shape.width * shape.height;
}
