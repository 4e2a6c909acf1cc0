package dev.likeness.portrait.people;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.command.ExamplePhotos;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.report.LikenessVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A folder with one folder of selfies for each rendered person, and {@code people.json}, which
 * lists them with the SHA-256 of every photo.
 */
public final class PeopleFolder {
  private static final String LIST = "people.json";
  private static final int SIDE = 512;
  /** Of JPEG files as phones write them. */
  private static final float QUALITY = 0.9f;

  private final Path folder;
  private final int photos;

  /** A folder to be filled with {@code photos} selfies a person. */
  public PeopleFolder(Path folder, int photos) {
    if (photos < 1) {
      throw new IllegalArgumentException("each person needs at least 1 photo, given " + photos);
    }
    this.folder = folder;
    this.photos = photos;
  }

  /**
   * Renders the person of {@code seed} into a folder of their own and returns their entry for the
   * list.
   */
  public Map<String, Object> add(long seed) {
    Person person = Person.random(seed);
    String name = "person-" + seed;
    Random shots = new Random(seed);
    List<Map<String, Object>> files = new ArrayList<>();
    for (int i = 1; i <= photos; i++) {
      byte[] jpeg = jpeg(Renderer.render(person, Shot.selfie(shots), SIDE).image());
      String file = String.format(Locale.ROOT, "selfie-%02d.jpg", i);
      AtomicFile.write(folder.resolve(name).resolve(file), out -> out.write(jpeg));
      files.add(Map.of("file", file, "sha256", ExamplePhotos.sha256(jpeg)));
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("folder", name);
    entry.put("seed", seed);
    entry.put("description", Words.of(person));
    entry.put("photos", files);
    return entry;
  }

  /**
   * Writes the list that says that these photos were rendered; those that an earlier list names
   * stay in it.
   */
  public void seal(List<Map<String, Object>> people) {
    Map<Object, Map<String, Object>> all = earlier();
    people.forEach(person -> all.merge(person.get("folder"), person, PeopleFolder::both));
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("note", "Rendered by RenderPeople; nobody here exists.");
    root.put("version", LikenessVersion.current());
    root.put("people", List.copyOf(all.values()));
    AtomicFile.write(
        folder.resolve(LIST),
        out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(root)));
  }

  /** People by their folders. */
  private Map<Object, Map<String, Object>> earlier() {
    Path list = folder.resolve(LIST);
    Map<Object, Map<String, Object>> people = new LinkedHashMap<>();
    try {
      if (Files.exists(list)) {
        entries(JSON.std.mapFrom(Files.readAllBytes(list)).get("people"))
            .forEach(person -> people.put(person.get("folder"), person));
      }
    } catch (IOException e) {
      throw new InvalidInputException(
          list + " cannot be read: " + e.getMessage()
              + "; give another folder, or delete it with the people that it lists",
          e);
    }
    return people;
  }

  /** The person as rendered now, with photos that only an earlier run rendered. */
  private static Map<String, Object> both(Map<String, Object> before, Map<String, Object> now) {
    Map<Object, Object> photos = new LinkedHashMap<>();
    Stream.of(before, now)
        .flatMap(person -> entries(person.get("photos")).stream())
        .forEach(photo -> photos.put(photo.get("file"), photo));
    Map<String, Object> both = new LinkedHashMap<>(now);
    both.put("photos", List.copyOf(photos.values()));
    return both;
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> entries(Object list) {
    return list instanceof List<?> all
        ? all.stream()
            .filter(Map.class::isInstance)
            .map(entry -> (Map<String, Object>) entry)
            .toList()
        : List.of();
  }

  private static byte[] jpeg(RgbImage image) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam settings = writer.getDefaultWriteParam();
      settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      settings.setCompressionQuality(QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image.toBufferedImage(), null, null), settings);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
