package dev.hone.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.hone.Batch;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RoundTripTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // JUnit sets it
  private Path folder;

  static List<String> models() {
    return TestModels.ALL;
  }

  private static ModelSource.OfBytes source(String resource) {
    return (ModelSource.OfBytes) ModelSource.ofResource(RoundTripTest.class, resource);
  }

  @ParameterizedTest
  @MethodSource("models")
  void anUnchangedModelIsWrittenBackByteForByte(String resource) throws Exception {
    ModelSource.OfBytes source = source(resource);
    Path file = folder.resolve("model.onnx");
    ModelData.read(source).write(file);
    assertThat(Files.mismatch(file, copyOf(source.bytes()))).isEqualTo(-1);
  }

  @ParameterizedTest
  @MethodSource("models")
  void aModelWhoseGraphIsRebuiltKeepsAllItsContent(String resource) throws Exception {
    ModelSource.OfBytes source = source(resource);
    ModelData model = ModelData.read(source);
    String name = model.graph().name();
    model.graph().setName("other");
    model.graph().setName(name); // forgets that it is what was read
    Path file = folder.resolve("model.onnx");
    model.write(file);
    assertThat(Files.mismatch(file, copyOf(source.bytes()))).isEqualTo(-1);
  }

  @Test
  void anIndependentReaderSeesWhatWasChanged() throws Exception {
    ModelData model = ModelData.read(source("/models/ch_ppocr_mobile_v2.0_cls_infer.onnx"));
    int lifted = Constants.lift(model.graph());
    model.putMetadata("key", "value");
    ModelProto seen;
    try (Memory memory = model.toMemory()) {
      seen = ModelProto.parseFrom(memory.view(0, (int) memory.byteSize()));
    }
    assertThat(lifted).isPositive();
    assertThat(seen.getGraph().getInitializerCount()).isEqualTo(lifted);
    assertThat(seen.getGraph().getNodeList()).noneMatch(n -> n.getOpType().equals("Constant"));
    assertThat(seen.getMetadataPropsList()).anyMatch(p -> p.getKey().equals("key"));
  }

  @Test
  void externalDataIsWrittenBesideTheModelAndReadFromThere() throws Exception {
    ModelSource.OfBytes source = source(TestModels.MINILM);
    ModelData model = ModelData.read(source);
    Path file = folder.resolve("model.onnx");
    model.writeWithExternalData(file, 1024);
    assertThat(Files.size(file)).isLessThan(1_000_000);
    ModelData again = ModelData.read(file);
    assertThat(again.parameterCount()).isEqualTo(model.parameterCount());
    Path whole = folder.resolve("whole.onnx");
    again.write(whole);
    for (TensorData weight : ModelData.read(whole).graph().initializers()) {
      TensorData before = model.graph().initializer(weight.name());
      assertThat(before == null ? null : before.bytes()).isEqualTo(weight.bytes());
    }
  }

  @Test
  void weightsOfTheRightNameThatHoldOtherBytesAreReplaced() throws Exception {
    ModelData model = weights(1, 2, 3);
    Path file = folder.resolve("model.onnx");
    model.writeWithExternalData(file, 0);
    Path beside = ModelData.read(file).externalFiles().iterator().next();
    byte[] right = Files.readAllBytes(beside);
    byte[] other = right.clone();
    other[other.length - 1]++;
    for (byte[] damaged : List.of(other, Arrays.copyOf(right, 3), new byte[0])) {
      Files.write(beside, damaged);
      model.writeWithExternalData(file, 0);
      assertThat(Files.readAllBytes(beside)).isEqualTo(right);
    }
  }

  @Test
  void weightsThatAreThereAlreadyStay() throws Exception {
    ModelData model = weights(1, 2, 3);
    Path file = folder.resolve("model.onnx");
    model.writeWithExternalData(file, 0);
    Path beside = ModelData.read(file).externalFiles().iterator().next();
    Object before = Files.readAttributes(beside, BasicFileAttributes.class).fileKey();
    ModelData.read(file).writeWithExternalData(file, 0);
    assertThat(Files.readAttributes(beside, BasicFileAttributes.class).fileKey()).isEqualTo(before);
  }

  private static ModelData weights(float... values) {
    Graph graph = new Graph("weights");
    graph.addInput(ModelRuns.floats("x"));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(values.length), values));
    graph.putInitializer(TensorData.ofFloats("v", Shape.of(values.length), values));
    graph.add(Node.of("Mul", List.of("x", "w"), List.of("z")));
    graph.add(Node.of("Mul", List.of("z", "v"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 17);
  }

  @Test
  void miniLmHasTheWeightsItShouldHave() {
    ModelData model = ModelData.read(source(TestModels.MINILM));
    assertThat(model.parameterCount()).isBetween(22_500_000L, 22_800_000L);
    assertThat(model.parameterBytes()).isEqualTo(model.parameterCount() * 4);
    assertThat(model.signature().toString())
        .contains("in  input_ids INT64[batch_size, sequence_length]")
        .contains("out last_hidden_state FLOAT32[batch_size, sequence_length, 384]");
  }

  private Path copyOf(ByteBuffer bytes) throws Exception {
    Path copy = folder.resolve("original.onnx");
    try (var channel =
        Files.newByteChannel(
            copy,
            java.util.Set.of(
                java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.WRITE))) {
      channel.write(bytes.duplicate());
    }
    return copy;
  }

  @Test
  void aFileOfTheTimeWhenWeightsHadToBeInputsIsWrittenAsNewerOnesAre() {
    Graph graph = new Graph("old");
    graph.addInput(ModelRuns.floats("x"));
    graph.addInput(ModelRuns.floats("w"));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(1), 2));
    graph.add(Node.of("Mul", List.of("x", "w"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    byte[] bytes = ModelRuns.bytes(ModelData.of(graph, 8));
    assertThat(bytes[0]).as("the field of the IR version").isEqualTo((byte) 8);
    bytes[1] = 3;
    ModelData old = ModelData.read(ModelSource.of(bytes));
    assertThat(ModelRuns.bytes(old)).as("unchanged").isEqualTo(bytes);
    Signature before = old.signature();
    old.freeInitializers();
    ModelData now = ModelData.read(ModelSource.of(ModelRuns.bytes(old)));
    assertThat(now.irVersion()).isEqualTo(4);
    assertThat(now.graph().inputs()).extracting(ValueInfo::name).containsExactly("x");
    assertThat(now.graph().constant("w")).isNotNull();
    assertThat(now.signature()).isEqualTo(before);
    try (Batch in = Batch.of("x", Tensor.of(new float[] {3}))) {
      assertThat(ModelRuns.run(now, in)).containsExactly(6);
    }
  }
}
