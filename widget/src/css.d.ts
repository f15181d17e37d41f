declare module '*.css' {
  const text: string;
  export default text;
}
/** In the names of the panel's files; set by the build. */
declare const VERSION: string;
