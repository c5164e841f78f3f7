package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.HeadsPattern.heads;
import static dev.hone.onnx.fuse.HeadsPattern.perm;
import static dev.hone.onnx.fuse.HeadsPattern.scaled;
import static dev.hone.onnx.fuse.HeadsPattern.transposedHeads;
import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.number;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;

import dev.hone.onnx.graph.Node;
import java.util.stream.Stream;

/**
 * The ways in which exporters write attention. What a match knows of {@code q}, {@code k} and
 * {@code v} is told in {@link HeadsPattern}. The mask is {@code addedMask}; or {@code hidden} or
 * {@code shown}, which choose the scores that the number {@code fill} replaces; or there is none.
 */
final class AttentionPattern {
  private static final Pattern SCORES =
      scaled(op("MatMul", scaled(heads("q")), scaled(transposedHeads("k"))));

  private static final Pattern MASKED =
      oneOf(
          SCORES,
          op("Add", SCORES, any("addedMask")),
          op("Where", any("hidden"), number("fill"), SCORES),
          op("Where", any("shown"), SCORES, number("fill")));

  private static final Pattern SOFTMAX = op("Softmax", AttentionPattern::isOverLastAxis, MASKED);

  /** Newer exporters put 0 where a row has no position left. */
  private static final Pattern WEIGHTS =
      oneOf(SOFTMAX, op("Where", op("IsNaN", SOFTMAX.as("softmax")), number(0), any("softmax")));

  private static final Pattern CONTEXT =
      op("MatMul", oneOf(WEIGHTS, op("Dropout", WEIGHTS)), heads("v"));

  private static final Pattern ATTENTION =
      op("Reshape", op("Transpose", perm(0, 2, 1, 3), CONTEXT).as("context"));

  private AttentionPattern() {}

  /** Before opset 13 a softmax flattens what lies before its axis: the same for the last one. */
  private static boolean isOverLastAxis(Node softmax, Context context) {
    long axis = softmax.longAttribute("axis", context.opset() < 13 ? 1 : -1);
    return axis == -1 || axis == 3;
  }

  /** All ways to read an attention whose result is this value. */
  static Stream<Match> at(String value, Context context) {
    return ATTENTION.at(value, Match.empty(context));
  }
}
