export function App() {
  return <main>brunt</main>;
}
