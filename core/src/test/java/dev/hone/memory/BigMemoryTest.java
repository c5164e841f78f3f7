package dev.hone.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.contract.NoLeaks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Memory beyond what one buffer can cover. */
@Tag("slow")
@ExtendWith(NoLeaks.class)
class BigMemoryTest {
  private static final long GIB = 1L << 30;

  @Test
  void lendingGoesOverMultiplesOfAGibibyteInParts() {
    try (Memory memory = Memory.allocate(2 * GIB + 100)) {
      List<Integer> sizes = new ArrayList<>();
      memory.lend(
          GIB - 10,
          GIB + 60,
          chunk -> {
            sizes.add(chunk.remaining());
            chunk.put(0, (byte) sizes.size());
          });
      assertThat(sizes).containsExactly(10, (int) GIB, 50);
      assertThat(memory.view(GIB - 10, 1).get(0)).isEqualTo((byte) 1);
      assertThat(memory.view(GIB, 1).get(0)).isEqualTo((byte) 2);
      assertThat(memory.view(2 * GIB, 1).get(0)).isEqualTo((byte) 3);
    }
  }

  @Test
  void copiesMayCrossTheBordersOfBothSides() {
    try (Memory from = Memory.allocate(GIB + 1000);
        Memory to = Memory.allocate(GIB + 1000)) {
      for (int i = 0; i < 400; i++) {
        int at = i;
        from.lend(GIB - 200 + i, 1, chunk -> chunk.put(0, (byte) (at % 127)));
      }
      Memory.copy(from, GIB - 200, to, GIB - 150, 400);
      for (int i = 0; i < 400; i++) {
        assertThat(to.view(GIB - 150 + i, 1).get(0)).isEqualTo((byte) (i % 127));
      }
    }
  }

  @Test
  void aViewStaysWithinAGibibyte() {
    try (Memory memory = Memory.allocate(GIB + 100)) {
      ByteBuffer last = memory.view(GIB, 100);
      assertThat(last.remaining()).isEqualTo(100);
      assertThatThrownBy(() -> memory.view(GIB - 1, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("may not cross a multiple of 1 GiB", "View the two parts apart");
    }
  }
}
