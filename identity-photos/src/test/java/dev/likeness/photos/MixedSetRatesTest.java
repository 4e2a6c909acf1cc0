package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * How often a person's own photo is rejected as somebody else, and how often a stranger among them
 * is named: sets of five photos of one person and one of another, each a changed copy.
 */
@Tag("slow")
class MixedSetRatesTest {
  private static final int SETS = 30;
  private static final int OWN = 5;
  private static final String STRANGER = "stranger.png";

  @Test
  void namesStrangersAndKeepsOwnPhotosWithCascades() {
    try (ReviewTools tools = ReviewTools.builtIn()
        .withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL)) {
      assertRates(tools, 1);
    }
  }

  @Test
  void namesStrangersAndKeepsOwnPhotosWithYuNet() {
    try (ReviewTools tools = ReviewTools.builtIn()
        .withDetector(Material.at("faces/yunet_n_640_640.onnx"))
        .withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL)) {
      assertRates(tools, 2);
    }
  }

  private static void assertRates(ReviewTools tools, int seed) {
    List<Shot> own = new ArrayList<>();
    List<Shot> strangers = new ArrayList<>();
    for (Shot shot : Shot.in("photos/people", 512)) {
      // Groups and cut faces are rejected for other reasons.
      if (!shot.name().contains("_and_") && !shot.name().contains("partial")) {
        (shot.person().equals("obama") ? own : strangers).add(shot);
      }
    }
    Shot.in("photos/generated", 512).forEach(strangers::add);
    Random random = new Random(seed);
    int rejected = 0;
    int named = 0;
    for (int i = 0; i < SETS; i++) {
      Collections.shuffle(own, random);
      List<Photo> photos = new ArrayList<>();
      for (int j = 0; j < OWN; j++) {
        photos.add(
            Photo.of("own" + j + ".png", changed(own.get(j).image(), random).toPng()));
      }
      RgbImage stranger = strangers.get(random.nextInt(strangers.size())).image();
      photos.add(
          random.nextInt(OWN + 1), Photo.of(STRANGER, changed(stranger, random).toPng()));
      Set<String> wrong =
          wrongPersons(PhotoReview.of(PhotoSet.of(photos), tools, ReviewOptions.defaults()));
      named += wrong.remove(STRANGER) ? 1 : 0;
      rejected += wrong.size();
    }
    String rates = rejected + " of " + SETS * OWN + " own photos rejected, " + named + " of " + SETS
        + " strangers named, " + tools.detector().name();
    assertTrue(rejected <= SETS * OWN / 70.0, rates);
    assertTrue(named >= SETS * 29 / 30, rates);
  }

  private static Set<String> wrongPersons(PhotoReview review) {
    return review.photos().stream()
        .filter(photo -> photo.reasons().stream()
            .anyMatch(reason ->
                reason.code() == ReasonCode.WRONG_PERSON && reason.severity() == Verdict.REJECT))
        .map(PhotoVerdict::name)
        .collect(Collectors.toSet());
  }

  /** A copy that is cut by up to a tenth, perhaps mirrored, and lighter or darker. */
  private static RgbImage changed(RgbImage image, Random random) {
    int width = (int) (image.width() * (0.9 + 0.1 * random.nextDouble()));
    int height = (int) (image.height() * (0.9 + 0.1 * random.nextDouble()));
    RgbImage cut = image.crop(
        random.nextInt(image.width() - width + 1),
        random.nextInt(image.height() - height + 1),
        width,
        height);
    boolean mirrored = random.nextBoolean();
    double light = 0.85 + 0.3 * random.nextDouble();
    byte[] from = cut.rgb();
    byte[] rgb = new byte[from.length];
    for (int i = 0; i < from.length; i++) {
      int x = i / 3 % width;
      int at = mirrored ? i + 3 * (width - 1 - 2 * x) : i;
      rgb[i] = (byte) Math.min(255, Math.round(light * (from[at] & 255)));
    }
    return RgbImage.of(width, height, rgb);
  }
}
