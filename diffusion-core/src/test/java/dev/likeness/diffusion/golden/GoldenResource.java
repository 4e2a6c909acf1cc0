package dev.likeness.diffusion.golden;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Files that a script of {@code tools/goldens} made, among the test resources. */
final class GoldenResource {
  private GoldenResource() {}

  /** The JSON object {@code resource}, which may be compressed. */
  static Map<String, Object> json(String resource) {
    try (InputStream in = open(resource); InputStream text = resource.endsWith(".gz") ? new GZIPInputStream(in) : in) {
      return JSON.std.mapFrom(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Copies {@code resource} to a file, whose folder is made. */
  static void copy(String resource, Path to) {
    try (InputStream in = open(resource)) {
      Files.createDirectories(to.getParent());
      Files.copy(in, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String resource) {
    InputStream in = GoldenResource.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IllegalArgumentException("no golden " + resource + "; tools/goldens/README.md says how to make it");
    }
    return in;
  }
}
