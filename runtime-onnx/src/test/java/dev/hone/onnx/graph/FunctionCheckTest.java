package dev.hone.onnx.graph;

import static dev.hone.onnx.graph.Protos.input;
import static dev.hone.onnx.graph.Protos.model;
import static dev.hone.onnx.graph.Protos.node;
import static dev.hone.onnx.graph.Protos.nodeMessage;
import static dev.hone.onnx.graph.Protos.opset;
import static dev.hone.onnx.graph.Protos.output;
import static dev.hone.onnx.graph.Protos.refusal;
import static dev.hone.onnx.graph.Protos.text;
import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Tensor;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

/** Functions that a model defines and that cannot be expanded. */
class FunctionCheckTest {
  /** A function from x to y, in the domain {@code mine}, that calls others one after the other. */
  private static byte[] function(String name, String overload, byte[]... calls) {
    byte[] signature = join(text(1, name), text(4, "x"), text(5, "y"), text(10, "mine"));
    return encode(25, join(signature, join(calls), opset9(), text(13, overload)));
  }

  private static byte[] opset9() {
    return join(
        encode(9, join(text(1, ""), encode(2, 21))),
        encode(9, join(text(1, "mine"), encode(2, 1))));
  }

  private static byte[] call(String domain, String op, String overload, String output, String in) {
    return encode(7, join(nodeMessage(op, output, in), text(7, domain), text(8, overload)));
  }

  private static byte[] call(String op, String output, String input) {
    return call("mine", op, "", output, input);
  }

  private static byte[] calling(String name, byte[]... functions) {
    byte[] main = encode(1, join(nodeMessage(name, "y", "x"), text(7, "mine")));
    return join(model(input("x"), main, output("y")), opset("mine", 1), join(functions));
  }

  @Test
  void aFunctionThatCallsItselfThroughAnotherIsRefused() {
    byte[] model =
        calling(
            "f", function("f", "", call("g", "y", "x")), function("g", "", call("f", "y", "x")));
    assertThat(refusal(model)).contains("the function 'mine.", "' calls itself");
  }

  @Test
  void aFunctionMayCallAnOverloadOfItself() {
    byte[] model =
        calling(
            "f",
            function("f", "", call("mine", "f", "wide", "y", "x")),
            function("f", "wide", call("", "Neg", "", "y", "x")));
    try (Session session = Session.open(Model.load(model));
        Batch in = Batch.of("x", Tensor.of(new float[][] {{1, 2}}));
        Batch out = session.run(in)) {
      assertThat(out.get("y").toFloatMatrix()).isDeepEqualTo(new float[][] {{-1, -2}});
    }
  }

  @Test
  void functionsThatEachCallTheNextTwiceAreRefusedBeforeTheyFillTheMemory() {
    byte[][] functions = new byte[64][];
    for (int i = 0; i < functions.length; i++) {
      String next = "f" + (i + 1);
      functions[i] = function("f" + i, "", call(next, "m", "x"), call(next, "y", "m"));
    }
    assertThat(refusal(calling("f0", functions)))
        .contains("make more than " + FunctionCheck.MOST_NODES + " nodes")
        .endsWith("it may be meant to fill the memory.");
  }

  @Test
  void aLongChainOfCallsOverflowsNoStack() {
    ByteArrayOutputStream functions = new ByteArrayOutputStream();
    for (int i = 0; i < 20_000; i++) {
      functions.writeBytes(function("f" + i, "", call("f" + (i + 1), "y", "x")));
    }
    functions.writeBytes(function("f20000", "", call("", "Neg", "", "y", "x")));
    Model model = Model.load(calling("f0", functions.toByteArray()));
    assertThat(model.signature().inputNames()).containsExactly("x");
  }

  @Test
  void aCallInsideAFunctionOfWhichThereIsNoneIsAnOperator() {
    byte[] model = join(model(input("x"), node("Neg", "y", "x"), output("y")), opset("mine", 1));
    byte[] unused = function("f", "", call("nowhere", "y", "x"));
    assertThat(Model.load(join(model, unused)).signature().outputNames()).containsExactly("y");
  }
}
