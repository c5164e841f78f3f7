package dev.hone.onnx.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In which order things are let go of, and that all of them are. */
class ReleasesTest {
  private final List<String> released = new ArrayList<>();
  private final Releases releases = new Releases();

  private void failing(String what) {
    released.add(what);
    throw new IllegalStateException(what);
  }

  @Test
  void theLastIsReleasedFirstAndEachOnce() {
    assertThat(releases.own("options", released::add)).isEqualTo("options");
    releases.own("session", released::add);
    releases.close();
    releases.close();
    assertThat(released).containsExactly("session", "options");
  }

  @Test
  void whatCannotBeReleasedKeepsNothingElse() {
    releases.own("options", this::failing);
    releases.own("session", released::add);
    releases.own("lane", this::failing);
    assertThatThrownBy(releases::close)
        .hasMessage("lane")
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("options"));
    assertThat(released).containsExactly("lane", "session", "options");
  }
}
