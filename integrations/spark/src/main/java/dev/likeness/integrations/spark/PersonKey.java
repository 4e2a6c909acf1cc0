package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.headshots.report.LikenessVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Digests that identify work. Equal work has equal keys, so finished work is recognised. */
final class PersonKey {
  private static final int DIGITS = 24;
  /** The bytes at each end of a large file. */
  private static final int END = 1 << 20;

  private PersonKey() {}

  /** A photo as it was read. */
  record PhotoFile(String name, byte[] content) {}

  /** Returns the key of a person: a digest of photos, consent, options, base and release. */
  static String of(PersonRow row, List<PhotoFile> photos, ExecutorModel model) {
    MessageDigest digest = sha256();
    add(digest, LikenessVersion.current());
    add(digest, model.description());
    add(digest, row.id());
    add(digest, row.givenConsent().toJson());
    row.styles().forEach(name -> add(digest, name));
    row.options().forEach((name, value) -> add(digest, name + "=" + value));
    for (PhotoFile photo : photos) {
      add(digest, photo.name);
      add(digest, hex(photo.content));
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  /** Returns the key of texts that describe other work. */
  static String of(List<String> parts) {
    MessageDigest digest = sha256();
    add(digest, LikenessVersion.current());
    parts.forEach(part -> add(digest, part));
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  /**
   * Returns the digest of the files of an identity method: of their names, their sizes, and both
   * ends of each, because they may have many gigabytes.
   */
  static String ofFolder(Path folder) {
    MessageDigest digest = sha256();
    try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        long size = Files.size(file);
        add(digest, folder.relativize(file) + " " + size);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
          add(digest, hex(read(channel, 0)));
          add(digest, hex(read(channel, Math.max(0, size - END))));
        }
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot read the folder " + folder + ": " + e.getMessage()
              + "; check that this executor can read it",
          e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] read(SeekableByteChannel channel, long from) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(END);
    channel.position(from);
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {}
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  /** Returns SHA-256 in hexadecimal digits. */
  static String hex(byte[] content) {
    return HexFormat.of().formatHex(sha256().digest(content));
  }

  // The length separates texts, so that no two lists of texts are alike.
  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(
          "this Java has no SHA-256; use a complete Java 17 or later", e);
    }
  }
}
