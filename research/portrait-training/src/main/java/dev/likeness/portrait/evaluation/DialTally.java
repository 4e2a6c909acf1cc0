package dev.likeness.portrait.evaluation;

import dev.likeness.headshots.person.IdentityStrength.Measurement;
import dev.likeness.headshots.person.IdentityStrength.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What was measured of images, a line for each, kept in a file as it comes: a run that was stopped
 * goes on behind the last whole line. One thread.
 */
final class DialTally {
  /**
   * An image.
   *
   * @param person seed of whom it is to show
   * @param style that it was asked in
   * @param likeness mean cosine to their held-out photos; 0 where no face was found
   * @param asked how many words were asked for
   * @param read how many of them were read back
   */
  record Line(Setting setting, long person, String style, double likeness, int asked, int read) {
    private String key() {
      return setting + " " + person + " " + style;
    }

    private String written() {
      return String.format(
          Locale.ROOT,
          "%s,%s,%s,%s,%s,%d,%s,%.5f,%d,%d%n",
          setting.adapter(),
          setting.start(),
          setting.end(),
          setting.lora(),
          setting.face(),
          person,
          style,
          likeness,
          asked,
          read);
    }

    private static Line read(String line) {
      String[] part = line.split(",");
      double[] numbers =
          Stream.of(part).limit(SETTING).mapToDouble(Double::parseDouble).toArray();
      return new Line(
          new Setting(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]),
          Long.parseLong(part[5]),
          part[6],
          Double.parseDouble(part[7]),
          Integer.parseInt(part[8]),
          Integer.parseInt(part[9]));
    }
  }

  private static final int SETTING = 5;
  private static final int PARTS = 10;

  private final Path file;
  private final Map<String, Line> lines = new LinkedHashMap<>();

  private DialTally(Path file) {
    this.file = file;
  }

  /** The tally in a file, which need not be there; a last line that a kill cut short is dropped. */
  static DialTally open(Path file) {
    DialTally tally = new DialTally(file);
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (Files.exists(file)) {
        String text = Files.readString(file);
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        whole
            .lines()
            .filter(line -> line.split(",").length == PARTS)
            .map(Line::read)
            .forEach(line -> tally.lines.put(line.key(), line));
        if (whole.length() < text.length()) {
          Files.writeString(file, whole);
        }
      }
      return tally;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether an image was measured. */
  boolean has(Setting setting, long person, String style) {
    return lines.containsKey(new Line(setting, person, style, 0, 0, 0).key());
  }

  /** Keeps what was measured of an image. */
  void add(Line line) {
    lines.put(line.key(), line);
    try {
      Files.writeString(file, line.written(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The means of each setting. */
  List<Measurement> settings() {
    Map<Setting, List<Line>> groups = new LinkedHashMap<>();
    lines
        .values()
        .forEach(line ->
            groups.computeIfAbsent(line.setting(), any -> new ArrayList<>()).add(line));
    List<Measurement> measured = new ArrayList<>();
    groups.forEach((setting, of) -> measured.add(new Measurement(
        setting,
        of.stream().mapToDouble(Line::likeness).average().orElseThrow(),
        (double) of.stream().mapToInt(Line::read).sum()
            / of.stream().mapToInt(Line::asked).sum(),
        of.size())));
    return measured;
  }
}
