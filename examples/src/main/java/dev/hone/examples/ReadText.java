package dev.hone.examples;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Tensor;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.imageio.ImageIO;

/**
 * Reads a line of text from a picture. The text of the command line is drawn with Java2D first; a
 * path that ends in {@code .png} is read as it is.
 *
 * <p>The model is the recognizer of PP-OCRv3. It takes pictures 48 pixels high and gives, for every
 * 8 pixels of width, the probability of each character and of "nothing new" (CTC: Graves et al.,
 * Connectionist Temporal Classification, 2006). The text is what remains of the likeliest ones when
 * repetitions are merged and then the nothings left out.
 */
public final class ReadText implements AutoCloseable {
  private static final String DEFAULT_TEXT = "Java reads what Java draws";
  private static final int HEIGHT = 48;

  private final Session session;
  private final List<String> characters;

  private ReadText(Session session, List<String> characters) {
    this.session = session;
    this.characters = characters;
  }

  /** Draws the words of the command line and reads them back. */
  public static void main(String... args) throws IOException {
    String words = String.join(" ", args).strip();
    Path picture = Path.of(words);
    if (!words.endsWith(".png")) {
      String text = words.isEmpty() ? DEFAULT_TEXT : words;
      picture = Files.createTempFile("hone-", ".png");
      ImageIO.write(draw(text), "png", picture.toFile());
      print("Drew  %s  into %s", text, picture);
    }

    BufferedImage line = ImageIO.read(picture.toFile());
    try (ReadText reader = open()) {
      long startNanos = System.nanoTime();
      Line read = reader.read(line);
      double millis = (System.nanoTime() - startNanos) / 1e6;
      print("Read  %s  in %.0f ms, sure to %.0f %%", read.text(), millis, 100 * read.confidence());
    }
  }

  /**
   * What was read.
   *
   * @param text the text
   * @param confidence the mean probability of its characters, 0 to 1
   */
  record Line(String text, double confidence) {}

  /** Opens the model and its list of characters, both from the class path. */
  static ReadText open() throws IOException {
    List<String> characters = new ArrayList<>();
    characters.add(""); // nothing new
    try (InputStream keys = ReadText.class.getResourceAsStream("/models/ppocr_keys_v1.txt")) {
      byte[] bytes = Objects.requireNonNull(keys, "ppocr_keys_v1.txt").readAllBytes();
      new String(bytes, StandardCharsets.UTF_8).lines().forEach(characters::add);
    }
    characters.add(" ");
    Model model = Model.loadResource(ReadText.class, "/models/ch_PP-OCRv3_rec_infer.onnx");
    return new ReadText(Session.open(model), characters);
  }

  /** Reads one line of dark text on a light ground. */
  Line read(BufferedImage picture) {
    BufferedImage line = scaled(picture);
    try (Batch input = Batch.of("x", pixels(line));
        Batch output = session.run(input)) {
      Tensor probabilities = output.tensor(0); // one row of [steps, characters]
      int steps = (int) probabilities.shape().length(1);
      return decode(probabilities.toFloatArray(), steps);
    }
  }

  private Line decode(float[] probabilities, int steps) {
    StringBuilder text = new StringBuilder();
    double confidence = 0;
    int previous = 0;
    int read = 0;
    for (int step = 0; step < steps; step++) {
      int from = step * characters.size();
      int likeliest = 0;
      for (int c = 1; c < characters.size(); c++) {
        if (probabilities[from + c] > probabilities[from + likeliest]) {
          likeliest = c;
        }
      }
      if (likeliest != previous && likeliest != 0) {
        text.append(characters.get(likeliest));
        confidence += probabilities[from + likeliest];
        read++;
      }
      previous = likeliest;
    }
    return new Line(text.toString().strip(), read == 0 ? 0 : confidence / read);
  }

  /** Three planes of values from -1 to 1: blue, green, red. */
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

  private static BufferedImage scaled(BufferedImage picture) {
    int width = Math.max(8, picture.getWidth() * HEIGHT / picture.getHeight());
    BufferedImage line = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = line.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(picture, 0, 0, width, HEIGHT, Color.WHITE, null);
    graphics.dispose();
    return line;
  }

  /** Black on white, one line. */
  static BufferedImage draw(String text) {
    Font font = new Font(Font.SANS_SERIF, Font.PLAIN, 32);
    BufferedImage nowhere = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
    int width;
    try {
      width = nowhere.createGraphics().getFontMetrics(font).stringWidth(text) + 24;
    } catch (RuntimeException | Error e) { // which of them differs between versions of the JDK
      throw new IllegalStateException(
          "This Java finds no font to draw with. Install one (on Debian: apt install fontconfig"
              + " fonts-dejavu-core), or name a picture that ends in .png instead of a text.",
          e);
    }
    BufferedImage line = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = line.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, HEIGHT);
    graphics.setColor(Color.BLACK);
    graphics.setFont(font);
    graphics.drawString(text, 12, 35);
    graphics.dispose();
    return line;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  @Override
  public void close() {
    session.close();
  }
}
