package dev.hone.benchmarks.inputs;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Tensor;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/**
 * Lines of text, drawn, for the models of PP-OCR: recognition reads a line, orientation tells
 * whether it stands upright or on its head. Both take {@code x} FLOAT32[lines, 3, 48, width]. The
 * labels are free: what was drawn is known.
 */
public final class Lines {
  /** Width of a line to be read, in pixels. */
  public static final int READ_WIDTH = 320;

  /** Width of a line whose orientation is asked for. */
  public static final int TURN_WIDTH = 192;

  private static final int HEIGHT = 48;
  private static final int LONGEST = 16;
  private static final int MOST_PARTS = 5;
  private static final int MARGIN = 10;
  private static final int WIDTH_STEP = 32;
  private static final int READ_SIZE = 30;
  private static final int TURN_SIZE = 20;
  private static final String LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZabcdefghkmnprstuvwxyz23456789";

  private final List<String> characters = new ArrayList<>();

  /** Reads the list of characters. */
  public Lines() throws IOException {
    characters.add(""); // nothing new
    try (InputStream keys = resource("ppocr_keys_v1.txt")) {
      new String(keys.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(characters::add);
    }
    characters.add(" ");
  }

  /** Recognition, PP-OCRv3: 36 convolutions and 13 products of matrices. */
  public static Model recognition() {
    return Model.loadResource(Lines.class, "/models/ch_PP-OCRv3_rec_infer.onnx");
  }

  /** Orientation: a MobileNetV3. */
  public static Model orientation() {
    return Model.loadResource(Lines.class, "/models/ch_ppocr_mobile_v2.0_cls_infer.onnx");
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(Lines.class.getResourceAsStream("/models/" + name), name);
  }

  /** Lines of words and numbers, at most 16 characters each: what such models are made to read. */
  public static List<String> texts(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder(part(random));
      for (String more = part(random);
          text.length() + more.length() < LONGEST;
          more = part(random)) {
        text.append(' ').append(more);
      }
      texts.add(text.toString());
    }
    return texts;
  }

  private static String part(Random random) {
    if (random.nextInt(4) == 0) {
      return Integer.toString(random.nextInt(100_000));
    }
    String word = Texts.word(random);
    boolean capital = random.nextInt(3) == 0;
    return capital ? Character.toUpperCase(word.charAt(0)) + word.substring(1) : word;
  }

  /** Random letters and digits, 6 to 12 of them: harder, since no word helps to read them. */
  public static List<String> letters(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int length = 6 + random.nextInt(7); length > 0; length--) {
        text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** Lines of one to five words and numbers. */
  public static List<String> mixed(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder(part(random));
      for (int more = random.nextInt(MOST_PARTS); more > 0; more--) {
        text.append(' ').append(part(random));
      }
      texts.add(text.toString());
    }
    return texts;
  }

  /** So many lines in batches of 8, to calibrate with. The caller closes them. */
  public static List<Batch> examples(int lines, int width, boolean turned) {
    List<Batch> batches = new ArrayList<>();
    List<String> texts = texts(lines, 5);
    for (int from = 0; from + 8 <= texts.size(); from += 8) {
      batches.add(drawn(texts.subList(from, from + 8), width, turned));
    }
    return batches;
  }

  /** Draws a text as a line to be read, as wide as it is, in steps of 32 pixels. */
  public static Batch drawn(String text) {
    BufferedImage any = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = any.createGraphics();
    int width = 2 * MARGIN + graphics.getFontMetrics(font(READ_SIZE)).stringWidth(text);
    graphics.dispose();
    int steps = (width + WIDTH_STEP - 1) / WIDTH_STEP;
    return drawn(List.of(text), steps * WIDTH_STEP, READ_SIZE, false);
  }

  /**
   * Draws texts as one batch.
   *
   * @param turned whether every second one stands on its head
   */
  public static Batch drawn(List<String> texts, int width, boolean turned) {
    return drawn(texts, width, width >= READ_WIDTH ? READ_SIZE : TURN_SIZE, turned);
  }

  private static Batch drawn(List<String> texts, int width, int fontSize, boolean turned) {
    int plane = width * HEIGHT;
    float[] values = new float[texts.size() * 3 * plane];
    for (int row = 0; row < texts.size(); row++) {
      BufferedImage line = draw(texts.get(row), width, fontSize, turned && row % 2 == 1);
      int[] colours = line.getRGB(0, 0, width, HEIGHT, null, 0, width);
      for (int channel = 0; channel < 3; channel++) { // blue, green, red
        for (int i = 0; i < plane; i++) {
          float value = ((colours[i] >> (8 * channel)) & 0xff) / 127.5f - 1;
          values[(row * 3 + channel) * plane + i] = value;
        }
      }
    }
    return Batch.of("x", Tensor.of(values, texts.size(), 3, HEIGHT, width));
  }

  private static BufferedImage draw(String text, int width, int fontSize, boolean turned) {
    BufferedImage line = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = line.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, HEIGHT);
    graphics.setColor(Color.BLACK);
    graphics.setFont(font(fontSize));
    if (turned) {
      graphics.rotate(Math.PI, width / 2.0, HEIGHT / 2.0);
    }
    graphics.drawString(text, MARGIN, 34);
    graphics.dispose();
    return line;
  }

  private static Font font(int size) {
    return new Font(Font.SANS_SERIF, Font.PLAIN, size);
  }

  /** What recognition read in each line. */
  public List<String> read(float[] probabilities, int lines) {
    int steps = probabilities.length / lines / characters.size();
    List<String> texts = new ArrayList<>();
    for (int line = 0; line < lines; line++) {
      StringBuilder text = new StringBuilder();
      int previous = 0;
      for (int step = 0; step < steps; step++) {
        int likeliest = likeliest(probabilities, line * steps + step, characters.size());
        text.append(likeliest == previous ? "" : characters.get(likeliest));
        previous = likeliest;
      }
      texts.add(text.toString().strip());
    }
    return texts;
  }

  /** The index of the largest of the {@code width} values in this row. */
  public static int likeliest(float[] values, int row, int width) {
    int likeliest = 0;
    for (int i = 1; i < width; i++) {
      if (values[row * width + i] > values[row * width + likeliest]) {
        likeliest = i;
      }
    }
    return likeliest;
  }
}
