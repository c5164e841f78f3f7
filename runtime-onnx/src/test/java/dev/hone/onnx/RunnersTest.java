package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.ModelSource;
import dev.hone.onnx.graph.ModelData;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RunnersTest {
  @Test
  void aTemporaryFolderGoesWithWhatIsInIt() {
    Runners.Stored stored = Runners.inFile(TwoLayers.data());
    Path folder = Objects.requireNonNull(stored.folder());
    ModelSource.OfFile file = (ModelSource.OfFile) stored.source();
    assertThat(file.path()).hasParent(folder);
    assertThat(ModelData.read(file).signature()).isEqualTo(TwoLayers.data().signature());
    stored.close();
    assertThat(folder).doesNotExist();
    stored.close();
  }

  @Test
  void whatFitsStaysInMemoryAndIsWrittenOnlyWhenAskedFor() {
    OnnxModel made = OnnxModel.of("made", TwoLayers.data());
    assertThat(made.isStored()).isFalse();
    Runners.Stored stored = Runners.stored(made);
    assertThat(stored.folder()).isNull();
    assertThat(stored.source()).isInstanceOf(ModelSource.OfBytes.class);
    assertThat(stored.source().name()).isEqualTo("made");
    assertThat(made.source().name()).isEqualTo("made");
    assertThat(Runners.stored(made).source()).isSameAs(made.source());
  }
}
