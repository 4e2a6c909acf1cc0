package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The caption files of one folder, and which of its text files give no caption. As in kohya's
 * trainer, the caption of {@code a.jpg} is in {@code a.txt} or {@code a.caption}; endings may have
 * capital letters.
 */
final class CaptionFiles {
  private static final int MAX_BYTES = 64 << 10;
  private static final List<String> ENDINGS = List.of(".txt", ".caption");
  /** The endings of files in which people and programs keep captions. */
  private static final Set<String> TEXT = Set.of(
      "txt",
      "text",
      "caption",
      "captions",
      "cap",
      "tag",
      "tags",
      "json",
      "jsonl",
      "ndjson",
      "csv",
      "tsv",
      "md",
      "yaml",
      "yml",
      "toml",
      "xml");

  private final List<Path> files;
  private final Map<String, List<Path>> byStem;
  private final Set<Path> used = new LinkedHashSet<>();
  private final Set<Path> longer = new LinkedHashSet<>();

  /** @param files all files of a folder, sorted by name */
  CaptionFiles(List<Path> files) {
    this.files = files.stream().filter(CaptionFiles::isText).toList();
    this.byStem = this.files.stream().collect(Collectors.groupingBy(CaptionFiles::stem));
  }

  /**
   * Returns the first line with text of the first caption file of a photo that has one; empty if
   * there is none.
   *
   * @throws InvalidInputException if a caption file is longer than 64 KiB or not UTF-8
   */
  Optional<String> captionOf(Path photo) {
    String stem = stem(photo);
    for (String ending : ENDINGS) {
      for (Path file : called(stem, ending)) {
        List<String> lines = file.equals(photo) ? List.of() : readLines(file);
        if (!lines.isEmpty()) {
          used.add(file);
          if (lines.size() > 1) {
            longer.add(file);
          }
          return Optional.of(lines.get(0));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the regular files of a name and an ending, the one in lower case first. */
  private List<Path> called(String stem, String ending) {
    return byStem.getOrDefault(stem, List.of()).stream()
        .filter(file -> ending(file).equals(ending.substring(1)))
        .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
        .sorted(Comparator.comparing(file -> !file.getFileName().toString().endsWith(ending)))
        .toList();
  }

  /** Returns the text files that gave no caption. */
  List<Path> unused() {
    return files.stream().filter(file -> !used.contains(file)).toList();
  }

  /** Returns the files that have more lines of text than their caption. */
  Set<Path> longer() {
    return longer;
  }

  private static boolean isText(Path file) {
    return !file.getFileName().toString().startsWith(".")
        && TEXT.contains(ending(file))
        && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static String stem(Path file) {
    String name = file.getFileName().toString();
    return name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** Returns the lines that are not blank, without control characters. */
  private static List<String> readLines(Path file) {
    try {
      byte[] bytes = ImageFileReader.readBytes(file, MAX_BYTES);
      if (bytes.length > MAX_BYTES) {
        throw new InvalidInputException(
            "the caption file " + file + " is longer than 64 KiB; give one line of text");
      }
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .toString()
          .replace("\uFEFF", "")
          .lines()
          .map(line -> line.replaceAll("\\p{Cntrl}", " ").strip())
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(
          "the caption file " + file + " is not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the caption file " + file + ": " + Quoted.reason(e), e);
    }
  }
}
