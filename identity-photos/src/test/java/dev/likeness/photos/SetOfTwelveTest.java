package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.embed.UsePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * A folder as people send it: real photos of one person among everything that should not be there.
 */
class SetOfTwelveTest {
  private final Map<String, byte[]> files = new TreeMap<>();

  @Test
  void everyPhotoGetsItsExpectedVerdict() throws IOException {
    Path people = Material.at("photos/people");
    add("good1.jpg", people.resolve("examples__obama.jpg"));
    add("good2.jpg", people.resolve("examples__obama2.jpg"));
    add("good3.jpg", people.resolve("tests__test_images__obama3.jpg"));
    add("good4.jpg", people.resolve("examples__knn_examples__test__obama1.jpg"));
    add("copy4.jpg", people.resolve("examples__obama_small.jpg"));
    RgbImage second = image("good2.jpg");
    files.put("copy3.png", mirrored(second.crop(0, 40, 626, 760)).toPng());
    files.put("copy1.jpg", Encoded.jpeg(second.toBufferedImage(), 0.6f));
    RgbImage darker = Degraded.exposed(Resampler.AREA.fit(image("good4.jpg"), 900), 0.8);
    files.put("copy2.png", Degraded.shifted(darker, 8, 4).toPng());
    add("stranger.jpg", people.resolve("examples__biden.jpg"));
    add("group.jpg", people.resolve("examples__knn_examples__test__obama_and_biden.jpg"));
    add("faceless.png", Material.at("photos/objects/coffee.png"));
    files.put(
        "blurred.png",
        Degraded.blurred(image("good3.jpg").crop(300, 0, 800, 800), 14).toPng());

    PhotoReview review = review();

    String rejected = review.photos().stream()
        .filter(photo -> photo.verdict().id().equals("reject"))
        .map(photo -> photo.name() + " " + photo.worst().orElseThrow().code().id())
        .collect(Collectors.joining(", "));
    assertEquals(
        "blurred.png blurred, copy1.jpg near-duplicate, copy2.png near-duplicate, copy3.png near-duplicate, "
            + "copy4.jpg near-duplicate, faceless.png no-face, group.jpg several-faces, stranger.jpg wrong-person",
        rejected);
    assertTrue(
        review.accepted().stream().allMatch(photo -> photo.name().startsWith("good")),
        review.toJson());
    assertEquals(4, review.set().accepted());
  }

  private PhotoReview review() {
    PhotoSet set = PhotoSet.of(files.entrySet().stream()
        .map(file -> Photo.of(file.getKey(), file.getValue()))
        .toList());
    try (ReviewTools tools = ReviewTools.builtIn()
        .withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL)) {
      return PhotoReview.of(set, tools, ReviewOptions.defaults());
    }
  }

  private void add(String name, Path file) throws IOException {
    files.put(name, Files.readAllBytes(file));
  }

  private RgbImage image(String name) {
    return new PhotoDecoder(DecodeLimits.DEFAULT).decode(name, files.get(name)).image();
  }

  private static RgbImage mirrored(RgbImage image) {
    return ExifOrientation.MIRRORED.toUpright(image);
  }
}
