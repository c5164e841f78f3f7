package dev.hone.benchmarks.inputs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinesTest {
  private static long width(Batch line) {
    assertThat(line.tensor(0).shape().length(2)).isEqualTo(48);
    return line.tensor(0).shape().length(3);
  }

  @Test
  void aLineIsDrawnAsWideAsItIs() {
    try (Batch word = Lines.drawn("eye");
        Batch sentence = Lines.drawn("water in the company of 12345 hands")) {
      assertThat(width(word)).isEqualTo(96);
      assertThat(width(sentence)).isGreaterThan(Lines.READ_WIDTH);
      assertThat(width(sentence) % 32).isZero();
    }
  }

  @Test
  void itIsReadRightlyWhateverItsWidth() throws Exception {
    Lines lines = new Lines();
    try (Session session = Session.open(Lines.recognition())) {
      for (String text : List.of("water", "The company 12345", "night study of much history")) {
        try (Batch line = Lines.drawn(text);
            Batch output = session.run(line)) {
          assertThat(lines.read(output.tensor(0).toFloatArray(), 1)).containsExactly(text);
        }
      }
    }
  }
}
