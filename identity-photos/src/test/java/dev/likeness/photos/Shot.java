package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.UnreadablePhotoException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A decoded photo of the material. */
public record Shot(String name, RgbImage image) {
  private static final Set<String> WITH_A_FACE = Set.of("astronaut.png", "camera.png");

  // Tests read the same folders again and again.
  private static final Map<String, SoftReference<List<Shot>>> READ = new ConcurrentHashMap<>();

  /** The readable photos of a folder, by name, reduced to 1024 pixels. */
  static List<Shot> in(String folder) {
    return in(folder, 1024);
  }

  /** The readable photos of a folder, by name, reduced to {@code longSide}. */
  public static List<Shot> in(String folder, int longSide) {
    String key = folder + " " + longSide;
    SoftReference<List<Shot>> read = READ.get(key);
    List<Shot> shots = read == null ? null : read.get();
    if (shots == null) {
      shots = read(folder, longSide);
      READ.put(key, new SoftReference<>(shots));
    }
    return shots;
  }

  private static List<Shot> read(String folder, int longSide) {
    try (Stream<Path> files = Files.list(Material.at(folder))) {
      return files
          .sorted()
          .map(file -> decoded(file, longSide))
          .flatMap(Optional::stream)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isFaceless() {
    return !WITH_A_FACE.contains(name);
  }

  String person() {
    return name.contains("biden") ? "biden" : "obama";
  }

  private static Optional<Shot> decoded(Path file, int longSide) {
    String name = file.getFileName().toString();
    try {
      PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(longSide));
      return Optional.of(
          new Shot(name, decoder.decode(name, Files.readAllBytes(file)).image()));
    } catch (UnreadablePhotoException refused) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
