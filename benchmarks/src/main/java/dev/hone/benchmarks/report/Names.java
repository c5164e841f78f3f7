package dev.hone.benchmarks.report;

import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the names in a report stand for, for a reader who has never met them. */
final class Names {
  private static final Map<String, String> MEANINGS = new LinkedHashMap<>();

  static {
    MEANINGS.put("Gemm", "a small network of dense layers; the numbers are their widths");
    MEANINGS.put("MiniLM", "all-MiniLM-L6-v2, a transformer that makes a vector of a text");
    MEANINGS.put("BGE-small", "bge-small-en-v1.5, the same with twice the layers");
    MEANINGS.put(
        "PP-OCR", "nets that read a line of drawn text, or tell whether it is upside down");
    MEANINGS.put(
        "bare JavaCPP call", "ONNX Runtime's C API called with nothing around it: the floor");
    MEANINGS.put("run(in, out)", "results go into tensors that the caller keeps");
    MEANINGS.put("run(in)", "results come in new tensors, which the caller closes");
    MEANINGS.put("fused", "still FP32, several operators made one before ONNX Runtime sees them");
    MEANINGS.put(
        "INT8", "8 bits for each number; in Hone with scales that examples of inputs fixed");
    MEANINGS.put("fastest", "INT8 without what costs speed to gain fidelity (Form.FASTEST)");
    MEANINGS.put("weights only", "weights in 8 bits, all else computed in floats (Form.WEIGHTS)");
    MEANINGS.put("INT4", "weights in 4 bits, in blocks with a scale each");
    MEANINGS.put("published INT8 file", "the file that langchain4j ships, quantized by others");
    MEANINGS.put("cosine", "of the angle to what FP32 gives; 1 is the same direction");
    MEANINGS.put(
        "Spearman", "whether pairs of texts keep the order of their likeness; 1 is yes, all");
    MEANINGS.put("nearest neighbour", "the text most alike; whether it is the one that FP32 finds");
    MEANINGS.put("unbatched", "each call is a run of its own");
    MEANINGS.put("p99", "99 of 100 take no longer");
  }

  private Names() {}

  /** Those that a run has in its figures or tables, as lines. */
  static List<String> used(RunRecord run) {
    String said = said(run);
    List<String> lines = new ArrayList<>();
    MEANINGS.forEach(
        (name, meaning) -> {
          if (said.contains(name)) {
            lines.add(name + ": " + meaning);
          }
        });
    return lines;
  }

  private static String said(RunRecord run) {
    StringBuilder said = new StringBuilder();
    for (Answer answer : run.answers()) {
      said.append(answer.words()).append('\n');
      for (Table table : answer.tables()) {
        said.append(table.title()).append('\n');
        table.rows().forEach(row -> said.append(row.label()).append('\n'));
        table.columns().forEach(column -> said.append(column.name()).append('\n'));
      }
      answer.figures().keySet().forEach(id -> said.append(Figures.get(id).words()).append('\n'));
    }
    return said.toString();
  }
}
