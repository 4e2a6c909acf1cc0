package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Recognises folders of rendered people, whose photos need no consent. */
public final class SyntheticPhotos {
  /** The file that lists rendered photos by their digests. */
  public static final String LIST = "people.json";

  private SyntheticPhotos() {}

  /** The digest algorithm that identifies a photo. */
  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }

  /**
   * Returns true if a {@code people.json} in the folder or its parent lists every visible file of
   * the folder with its digest. One other file makes it false.
   */
  public static boolean isSyntheticFolder(Path folder) {
    Path list = list(folder);
    if (list == null) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder.toAbsolutePath().normalize())) {
      Set<String> rendered = digests(list);
      List<Path> photos = files
          .filter(Files::isRegularFile)
          .filter(file -> !file.equals(list))
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .toList();
      for (Path photo : photos) {
        if (!rendered.contains(sha256(Files.readAllBytes(photo)))) {
          return false;
        }
      }
      return !photos.isEmpty();
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the photos in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static Path list(Path folder) {
    Path real = folder.toAbsolutePath().normalize();
    for (Path place : new Path[] {real, real.getParent()}) {
      if (place != null && Files.isRegularFile(place.resolve(LIST))) {
        return place.resolve(LIST);
      }
    }
    return null;
  }

  private static Set<String> digests(Path list) throws IOException {
    Set<String> digests = new HashSet<>();
    collect(JSON.std.anyFrom(Files.readAllBytes(list)), digests);
    return digests;
  }

  private static void collect(Object json, Set<String> digests) {
    if (json instanceof Map<?, ?> object) {
      if (object.get("sha256") instanceof String digest) {
        digests.add(digest);
      }
      object.values().forEach(value -> collect(value, digests));
    } else if (json instanceof Collection<?> list) {
      list.forEach(value -> collect(value, digests));
    }
  }
}
