package dev.likeness.diffusion.internal.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The rule for every file of every model folder. A file is a regular file of limited size. A link
 * is followed only as the Hugging Face cache makes it: from a snapshot into the blobs of the same
 * repository, and from there into the shared store of the same cache. A path that the user names
 * may be any link, but must lead to a regular file.
 */
public final class ModelFile {
  /** The largest size of a configuration in bytes: 16 MiB. */
  public static final long LARGEST_CONFIG = 16L << 20;

  /** The largest size of a file of a tokenizer in bytes: 64 MiB. */
  public static final long LARGEST_TOKENIZER = 64L << 20;

  /** The number of first bytes that {@link #requireNoStandIn} needs. */
  public static final int HEAD = 128;

  private static final String GIT_LFS = "version https://git-lfs.github.com/spec/";
  /** The target of a link of a Hugging Face cache; the whole content of the file. */
  private static final Pattern LINK =
      Pattern.compile("(?:\\.\\./){2,9}blobs/(?:[0-9a-f]{2}/)?[0-9a-f]{40,64}\\s*");

  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  // Python writes -Infinity, which JSON does not have; published scheduler configs contain it.
  private static final JSON PYTHON_JSON = JSON.builder(JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build())
      .build();

  private ModelFile() {}

  /** Returns true if there is an entry of that name, even a link that leads nowhere. */
  public static boolean exists(Path file) {
    return onDisk(file) ? Files.exists(file, LinkOption.NOFOLLOW_LINKS) : Files.exists(file);
  }

  // A jar or a vault has neither links nor pipes, and a thread that is interrupted while it looks
  // at
  // attributes in a jar would close the jar for all.
  private static boolean onDisk(Path file) {
    return file.getFileSystem() == FileSystems.getDefault();
  }

  /**
   * Returns {@code file} after checking that this file or folder belongs to the folder that it lies
   * in. Only the last name of the path is checked.
   *
   * @throws InvalidInputException if it is missing, a link that leads nowhere or out of the blobs
   *     of its Hugging Face repository and cache, or neither a regular file nor a folder
   */
  public static Path own(Path file) {
    if (!onDisk(file)) {
      return file;
    }
    BasicFileAttributes entry = attributes(file, LinkOption.NOFOLLOW_LINKS);
    if (entry.isSymbolicLink() && !Files.exists(file)) {
      throw new InvalidInputException(file + " links to " + target(file)
          + ", which does not exist: the download was not finished; download the model again");
    }
    if (entry.isSymbolicLink() && !RepositoryFolder.isBlob(file)) {
      String target = target(file);
      throw new InvalidInputException(file + " links to " + target
          + ", which is not a blob of the same Hugging Face repository or of the shared store of its"
          + " cache; replace the link by a copy of " + target);
    }
    return entry.isSymbolicLink() ? regular(file) : requireOrdinary(file, entry);
  }

  /** Checks every name of the path of {@code file} below {@code folder}; see {@link #own(Path)}. */
  public static Path own(Path folder, Path file) {
    Path at = folder;
    for (Path name : folder.relativize(file)) {
      at = own(at.resolve(name));
    }
    return file;
  }

  /**
   * Returns {@code file}, which the user named, after checking that it is a regular file or a link
   * to one. A pipe or a device is never opened, because opening one may wait for ever.
   *
   * @throws InvalidInputException if there is no such file, or it is a folder, pipe or device
   */
  public static Path regular(Path file) {
    if (!onDisk(file)) {
      return file;
    }
    BasicFileAttributes found = attributes(file);
    if (found.isDirectory()) {
      throw new InvalidInputException(file + " is a folder; give a file");
    }
    return requireOrdinary(file, found);
  }

  private static Path requireOrdinary(Path file, BasicFileAttributes found) {
    if (found.isOther()) {
      throw new InvalidInputException(
          file + " is a pipe, a device or another special file; give a regular file");
    }
    return file;
  }

  private static BasicFileAttributes attributes(Path file, LinkOption... options) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class, options);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static String target(Path link) {
    try {
      return Quoted.of(Files.readSymbolicLink(link).toString());
    } catch (IOException e) {
      return "another place";
    }
  }

  /**
   * Reads a file of a model's folder; see {@link #own(Path)}.
   *
   * @param limit the largest allowed size in bytes
   * @throws InvalidInputException if the file breaks the rule, is larger, or cannot be read
   */
  public static byte[] read(Path file, long limit) {
    try {
      byte[] bytes = UninterruptibleIo.read(regular(own(file)), from -> begin(from, limit + 1));
      if (bytes.length > limit) {
        throw new InvalidInputException(file + " has more than the " + limit
            + " bytes that are allowed for such a file; it may be another file under this"
            + " name: use the one that was published with the model");
      }
      requireNoStandIn(file, bytes);
      return bytes;
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static byte[] begin(Path file, long count) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes((int) count);
    }
  }

  /** Returns the first bytes of a file that the user named; see {@link #regular}. */
  public static byte[] head(Path file, int count) {
    try {
      return UninterruptibleIo.read(regular(file), from -> begin(from, count));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * Refuses what downloads leave in place of a file: a pointer of Git LFS, a web page, or the text
   * of a link to a blob.
   *
   * @param head at least the first {@value #HEAD} bytes
   */
  public static void requireNoStandIn(Path file, byte[] head) {
    String text = new String(head, 0, Math.min(head.length, HEAD), StandardCharsets.ISO_8859_1);
    if (text.startsWith(GIT_LFS)) {
      throw new InvalidInputException(file + " is a pointer of Git LFS, not the file itself;"
          + " run `git lfs pull` in its repository, or download the file");
    }
    if (LINK.matcher(text).matches()) {
      boolean there = Files.exists(file.resolveSibling(text.strip()));
      throw new InvalidInputException(file + " is the text of a link to " + Quoted.of(text.strip())
          + (there
              ? ", not the file itself; copy the cache with its links, or download the model again"
              : ", which does not exist: the download was not finished; download the model again"));
    }
    String page = (text.startsWith(BYTE_ORDER_MARK) ? text.substring(3) : text)
        .stripLeading()
        .toLowerCase(Locale.ROOT);
    if (page.startsWith("<!doctype") || page.startsWith("<html") || page.startsWith("<?xml")) {
      throw new InvalidInputException(file + " is a web page, not the file itself; log in to the"
          + " website or accept the licence there, and download the file again");
    }
  }

  /**
   * Refuses what {@link #requireNoStandIn} refuses, a file compressed with gzip, and text, such as
   * the error that a server answered. No format of weights begins so. The text is not repeated,
   * because it may be a secret.
   */
  static void requireWeights(Path file, byte[] head) {
    requireNoStandIn(file, head);
    if (head.length > 1 && (head[0] & 255) == 0x1f && (head[1] & 255) == 0x8b) {
      throw new InvalidInputException(file + " is compressed with gzip; unpack it first");
    }
    String text = new String(head, 0, Math.min(head.length, HEAD), StandardCharsets.UTF_8);
    if (!text.isEmpty() && text.chars().allMatch(ModelFile::isOfText)) {
      throw new InvalidInputException(file + " is a text file, not weights; if the website needs a"
          + " login, log in, then download the file again");
    }
  }

  private static boolean isOfText(int c) {
    return (c >= ' ' || "\t\r\n".indexOf(c) >= 0) && c != '\ufffd';
  }

  /**
   * Parses a JSON object; Python's infinities are allowed.
   *
   * @param where the name of the text in messages
   * @throws InvalidInputException if the text is no JSON object
   */
  public static Map<String, Object> object(String json, String where) {
    try {
      Map<String, Object> object = PYTHON_JSON.mapFrom(json);
      if (object == null) {
        throw new InvalidInputException(
            where + " is not a JSON object: it is null; download the file again");
      }
      return object;
    } catch (IOException e) {
      throw new InvalidInputException(
          where + " is not a JSON object: " + Quoted.reason(e) + "; download the file again", e);
    }
  }
}
