package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Files that scripts of {@code tools/goldens} made, among the test resources: tensors lie there
 * packed, large texts compressed.
 */
public final class GoldenResource {
  private static final String COMPRESSED = ".gz";

  private GoldenResource() {}

  /** The JSON object {@code resource}. */
  static Map<String, Object> json(String resource) {
    try (InputStream in = open(resource)) {
      return JSON.std.mapFrom(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies {@code resource} to a file, whose folder is made. */
  public static void copy(String resource, Path to) {
    try (InputStream in = open(resource)) {
      Files.createDirectories(to.getParent());
      Files.copy(in, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there is such a resource. */
  static boolean exists(String resource) {
    return find(resource) != null;
  }

  /**
   * The file {@code resource}; a packed or compressed one is unpacked, to a file that lasts as long
   * as the JVM.
   */
  public static Path file(String resource) {
    try {
      URL plain = GoldenResource.class.getResource(resource);
      if (plain != null && plain.getProtocol().equals("file")) {
        return Path.of(plain.toURI());
      }
      Path unpacked = Files.createTempDirectory("golden")
          .resolve(resource.substring(resource.lastIndexOf('/') + 1));
      copy(resource, unpacked);
      unpacked.getParent().toFile().deleteOnExit();
      unpacked.toFile().deleteOnExit();
      return unpacked;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static URL find(String resource) {
    return Stream.of("", COMPRESSED, PackedTensors.ENDING)
        .map(ending -> GoldenResource.class.getResource(resource + ending))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static InputStream open(String resource) throws IOException {
    URL url = find(resource);
    if (url == null) {
      throw new IllegalArgumentException(
          "no golden " + resource + "; tools/goldens/README.md says how to make it");
    }
    if (url.getPath().endsWith(PackedTensors.ENDING)) {
      return new ByteArrayInputStream(PackedTensors.whole(resource));
    }
    return url.getPath().endsWith(COMPRESSED)
        ? new GZIPInputStream(url.openStream())
        : url.openStream();
  }
}
