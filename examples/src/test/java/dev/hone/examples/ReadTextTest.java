package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ReadTextTest {
  @Test
  void whatIsDrawnIsRead() throws IOException {
    assumeTrue(thisJavaHasFonts());
    try (ReadText reader = ReadText.open()) {
      for (String text : new String[] {"Java reads what Java draws", "42 is the answer", "Hello"}) {
        ReadText.Line read = reader.read(ReadText.draw(text));
        assertThat(read.text()).isEqualTo(text);
        assertThat(read.confidence()).isBetween(0.7, 1.0);
      }
    }
  }

  @Test
  void anEmptyPictureHasNoText() throws IOException {
    BufferedImage white = new BufferedImage(320, 48, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = white.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, 320, 48);
    graphics.dispose();
    try (ReadText reader = ReadText.open()) {
      assertThat(reader.read(white)).isEqualTo(new ReadText.Line("", 0));
    }
  }

  private static boolean thisJavaHasFonts() {
    try {
      return ReadText.draw("A").getWidth() > 0;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
