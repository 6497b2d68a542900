/* Reads a Content-Security-Policy and prints what Google's csp_evaluator finds in it, as JSON. */
import evaluator from "csp_evaluator";
import parser from "csp_evaluator/dist/parser.js";

const policy = new parser.CspParser(process.argv[2]).csp;
console.log(JSON.stringify(new evaluator.CspEvaluator(policy).evaluate()));
