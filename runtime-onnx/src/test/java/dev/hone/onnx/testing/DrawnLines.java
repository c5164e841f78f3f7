package dev.hone.onnx.testing;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/** Lines of text drawn with Java2D as PP-OCR wants them, and its answers as text. */
public final class DrawnLines {
  /** The models on the class path, without {@code .onnx}. */
  public static final String FOLDER = "/models/";

  private static final int HEIGHT = 48;
  private static final String[] FONTS = {Font.SANS_SERIF, Font.SERIF, Font.MONOSPACED};
  private static final String[] WORDS = {
    "river", "stone", "Monday", "invoice", "Berlin", "total", "kitchen", "Harbour", "between",
    "customer", "delivery", "Number", "paper", "winter", "garden", "Station", "evening", "market",
    "window", "September", "account", "bridge", "ticket", "Library", "summer", "engine"
  };

  private final List<String> characters = new ArrayList<>();

  /** Reads the list of characters. */
  public DrawnLines() {
    characters.add(""); // nothing new
    try (InputStream keys = DrawnLines.class.getResourceAsStream("/models/ppocr_keys_v1.txt")) {
      byte[] bytes = Objects.requireNonNull(keys, "ppocr_keys_v1.txt").readAllBytes();
      new String(bytes, StandardCharsets.UTF_8).lines().forEach(characters::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    characters.add(" ");
  }

  /** This many lines of words and numbers. */
  public static List<String> texts(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    while (texts.size() < count) {
      StringBuilder text = new StringBuilder();
      for (int words = 1 + random.nextInt(4); words > 0; words--) {
        text.append(text.isEmpty() ? "" : " ");
        text.append(
            random.nextInt(4) == 0
                ? Integer.toString(random.nextInt(100_000))
                : WORDS[random.nextInt(WORDS.length)]);
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** One line as input of recognition: as wide as it is, in a font that depends on the number. */
  public static Batch line(String text, int number) {
    Font font = font(number);
    return Batch.of("x", pixels(draw(text, font, width(text, font), false)));
  }

  /** One line as input of classification: 192 pixels wide, cut or filled, upright or turned. */
  public static Batch turnable(String text, int number, boolean turned) {
    return Batch.of("x", pixels(draw(text, font(number), 192, turned)));
  }

  private static Font font(int number) {
    int style = number / FONTS.length % 2 == 0 ? Font.PLAIN : Font.BOLD;
    return new Font(FONTS[number % FONTS.length], style, 28 + number % 4 * 2);
  }

  private static int width(String text, Font font) {
    BufferedImage nowhere = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    return nowhere.createGraphics().getFontMetrics(font).stringWidth(text) + 24;
  }

  private static BufferedImage draw(String text, Font font, int width, boolean turned) {
    BufferedImage line = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = line.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, HEIGHT);
    if (turned) {
      graphics.rotate(Math.PI, width / 2.0, HEIGHT / 2.0);
    }
    graphics.setColor(Color.BLACK);
    graphics.setFont(font);
    graphics.drawString(text, 12, 35);
    graphics.dispose();
    return line;
  }

  private static Tensor pixels(BufferedImage line) {
    int plane = line.getWidth() * HEIGHT;
    float[] values = new float[3 * plane];
    int[] colours = line.getRGB(0, 0, line.getWidth(), HEIGHT, null, 0, line.getWidth());
    for (int channel = 0; channel < 3; channel++) {
      for (int i = 0; i < plane; i++) {
        values[channel * plane + i] = ((colours[i] >> (8 * channel)) & 0xff) / 127.5f - 1;
      }
    }
    return Tensor.of(values, 1, 3, HEIGHT, line.getWidth());
  }

  /** The text that recognition read: the likeliest characters, repetitions merged. */
  public String decode(Tensor probabilities) {
    int steps = (int) probabilities.shape().length(1);
    float[] values = probabilities.toFloatArray();
    StringBuilder text = new StringBuilder();
    int previous = 0;
    for (int step = 0; step < steps; step++) {
      int likeliest = likeliest(values, step * characters.size(), characters.size());
      if (likeliest != previous) {
        text.append(characters.get(likeliest));
      }
      previous = likeliest;
    }
    return text.toString().strip();
  }

  /** The index of the greatest of some numbers. */
  public static int likeliest(float[] values, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      best = values[from + i] > values[from + best] ? i : best;
    }
    return best;
  }
}
