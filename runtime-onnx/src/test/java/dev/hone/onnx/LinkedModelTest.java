package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.onnx.graph.ModelData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model as the cache of a hub keeps it: links under the right names, and what they lead to
 * together in another folder, under others.
 */
class LinkedModelTest {
  private Path link;
  private float[] exact;
  private final List<Batch> inputs = TwoLayers.examples(8, 1);

  @BeforeEach
  void make(@TempDir Path folder) throws IOException {
    Path written = Files.createDirectory(folder.resolve("written")).resolve("model.onnx");
    ModelData.read(TwoLayers.inFile(folder).source()).writeWithExternalData(written, 0);
    try (Session session = Session.open(written);
        Batch out = session.run(inputs.get(0))) {
      exact = out.get("y").toFloatArray();
    }
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    try (var files = Files.list(written.getParent())) {
      for (Path file : files.toList()) {
        Path blob = blobs.resolve("0" + file.getFileName().hashCode());
        Files.move(file, blob);
        Files.createSymbolicLink(
            snapshot.resolve(file.getFileName()),
            Path.of("..", "blobs").resolve(blob.getFileName()));
      }
    }
    link = snapshot.resolve("model.onnx");
  }

  @AfterEach
  void close() {
    inputs.forEach(Batch::close);
  }

  @Test
  void itOpensAsItIs() {
    try (Session session = Session.open(link);
        Batch out = session.run(inputs.get(0))) {
      assertThat(out.get("y").toFloatArray()).isEqualTo(exact);
    }
  }

  @Test
  void itIsMadeSmaller() {
    Quantization quantization = Quantization.builder().cacheBytes(0).evenIfSlower(true).build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(inputs)
            .runtime(OnnxOptions.builder().quantization(quantization).build())
            .build();
    try (Session session = Session.open(Model.load(link), options)) {
      assertThat(session.precision()).isEqualTo(Precision.INT8);
    }
  }
}
