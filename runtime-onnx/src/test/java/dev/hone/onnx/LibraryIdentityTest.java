package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Session;
import java.util.List;
import org.junit.jupiter.api.Test;

class LibraryIdentityTest {
  @Test
  void itTellsBuildsOfThisModuleAndOfTheCoreApart() {
    String module = LibraryIdentity.code(LibraryIdentity.class);
    String core = LibraryIdentity.code(Session.class);
    assertThat(core).hasSize(64).isEqualTo(LibraryIdentity.code(Session.class));
    assertThat(module).hasSize(64).isNotEqualTo(core);
    assertThat(LibraryIdentity.here()).contains(module, core).isEqualTo(LibraryIdentity.here());
  }

  @Test
  void classesFromNoFileHaveTheirVersionOrAreNeverTheSame() {
    assertThat(LibraryIdentity.code(List.class)).isNotEmpty();
  }
}
