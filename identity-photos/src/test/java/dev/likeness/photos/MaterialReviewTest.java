package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What real photos come to; skipped where they are absent. */
class MaterialReviewTest {
  private static final String GROUP = "obama_and_biden";

  @Test
  void cascadesFindEveryPersonAndNoFaceInFacelessImages() {
    try (CascadeDetector detector = new CascadeDetector()) {
      assertFinds(detector, 0.9, 1);
    }
  }

  @Test
  void yunetFindsEveryPersonAndNoFaceInFacelessImages() {
    try (YuNetDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      assertFinds(detector, 1, 0);
    }
  }

  private static void assertFinds(FaceDetector detector, double share, int mostFalse) {
    List<Shot> people = Shot.in("photos/people");
    long found =
        people.stream().filter(shot -> !detector.detect(shot.image()).isEmpty()).count();
    long wrong = Shot.in("photos/objects").stream()
        .filter(Shot::isFaceless)
        .filter(shot -> !detector.detect(shot.image()).isEmpty())
        .count();

    assertTrue(
        found >= share * people.size(),
        found + " of " + people.size() + " found by " + detector.name());
    assertTrue(
        wrong <= mostFalse, wrong + " faces seen by " + detector.name() + " where there is none");
  }

  @Test
  @Tag("slow")
  void prefersThePersonToAFaceOnTheWall() {
    try (YuNetDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      Map<RgbImage, BoundingBox> people = new LinkedHashMap<>();
      for (Shot shot : Shot.in("photos/people")) {
        List<Face> faces = detector.detect(shot.image());
        if (faces.size() == 1) {
          people.put(shot.image(), faces.get(0).box());
        }
      }
      RgbImage first = people.keySet().iterator().next();
      byte[] wall = Resampler.AREA
          .resize(withMargin(first, people.get(first), 0.3), 120, 120)
          .rgb();
      List<RgbImage> near = people.entrySet().stream()
          .map(person -> withMargin(person.getKey(), person.getValue(), -0.25))
          .filter(image -> fillsImage(detector, image))
          .toList();
      long before = near.stream()
          .filter(image -> fillsImage(detector, beside(image, wall)))
          .count();
      assertTrue(
          near.size() > 10 && before == near.size(), before + " of " + near.size() + " found");
    }
  }

  private static boolean fillsImage(FaceDetector detector, RgbImage image) {
    List<Face> faces = detector.detect(image);
    return !faces.isEmpty() && faces.get(0).box().width() > 400;
  }

  /** The face, grown by {@code share} of its size, in an image of 1024 pixels. */
  private static RgbImage withMargin(RgbImage image, BoundingBox box, double share) {
    BoundingBox face = box.expanded(share);
    return Resampler.CUBIC.resize(
        image, face.x(), face.y(), face.width(), face.width(), 1024, 1024);
  }

  /** With {@code small}, 120 pixels a side, in its corner. */
  private static RgbImage beside(RgbImage image, byte[] small) {
    byte[] rgb = image.rgb();
    for (int y = 0; y < 120; y++) {
      System.arraycopy(small, y * 120 * 3, rgb, (y * 1024 + 20) * 3, 120 * 3);
    }
    return RgbImage.of(1024, 1024, rgb);
  }

  @Test
  void rotatesAFewPhotosThatAreNotUpright() {
    try (FaceDetector yunet = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      assertRightsPhotos(yunet, 3);
    }
  }

  @Test
  @Tag("slow")
  void rotatesOnlyPhotosThatAreNotUpright() {
    try (FaceDetector cascades = new CascadeDetector();
        FaceDetector yunet = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"))) {
      for (FaceDetector detector : List.of(cascades, yunet)) {
        assertRightsPhotos(detector, detector == cascades ? 8 : 20);
        assertEquals(
            List.of(),
            Shot.in("photos/objects", 512).stream()
                .filter(Shot::isFaceless)
                .filter(shot -> UprightPhoto.of(shot.image(), detector).rotated())
                .map(Shot::name)
                .toList(),
            detector.name());
      }
    }
  }

  private static void assertRightsPhotos(FaceDetector detector, int count) {
    List<RgbImage> people = Shot.in("photos/people", 512).stream()
        .limit(count)
        .map(Shot::image)
        .filter(image -> !UprightPhoto.of(image, detector).rotated())
        .toList();
    assertEquals(count, people.size(), detector.name());
    for (ExifOrientation turn : List.of(
        ExifOrientation.TURNED_LEFT, ExifOrientation.TURNED_RIGHT, ExifOrientation.UPSIDE_DOWN)) {
      long righted = people.stream()
          .filter(
              image -> UprightPhoto.of(turn.toUpright(image), detector).image().equals(image))
          .count();
      assertTrue(
          righted >= 17.0 / 18 * count - 0.5,
          detector.name() + " righted " + righted + " of " + count + " " + turn);
    }
  }

  @Test
  @Tag("slow")
  void everyOddOrBrokenFileEndsInAVerdict() {
    PhotoReview review = PhotoReview.of(PhotoSet.from(Material.at("photos/formats")));

    assertEquals(
        Set.of("decompression_bomb.gif", "truncated_image.png"),
        files(review, ReasonCode.BROKEN_FILE));
    Set<String> modern = Set.of("example.avif", "example.heic");
    Set<String> refused = files(review, ReasonCode.NEEDS_CONVERSION);
    assertTrue(
        refused.equals(modern)
            || refused.isEmpty() && files(review, ReasonCode.NO_FACE).containsAll(modern),
        "a machine converts both or neither: " + review.toJson());
    assertTrue(
        review.photos().stream()
            .noneMatch(photo -> photo.name().startsWith("hopper.")
                && photo.verdict() == Verdict.REJECT
                && photo.faces().isEmpty()),
        review.toJson());
  }

  @Test
  void recognisesOtherCropsOfAShotByTheirFaces() {
    try (ReviewTools tools = ReviewTools.builtIn()
        .withDetector(Material.at("faces/yunet_n_640_640.onnx"))
        .withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL)) {
      List<Photo> photos =
          List.of("examples__obama.jpg", "examples__obama_small.jpg", "examples__obama2.jpg")
              .stream()
              .map(name -> Photo.of(Material.at("photos/people").resolve(name)))
              .toList();

      PhotoReview review = PhotoReview.of(PhotoSet.of(photos), tools, ReviewOptions.defaults());

      assertEquals(Set.of("examples__obama_small.jpg"), files(review, ReasonCode.NEAR_DUPLICATE));
      assertEquals(Verdict.REJECT, review.photos().get(1).verdict());
    }
  }

  @Test
  void rejectsTheGroupPhotoAndCutOffFaces() {
    PhotoReview review = PhotoReview.of(PhotoSet.from(Material.at("photos/people")));

    assertEquals(
        1,
        files(review, ReasonCode.SEVERAL_FACES).stream()
            .filter(name -> name.contains(GROUP))
            .count());
    assertEquals(
        Set.of(
            "tests__test_images__obama_partial_face.jpg",
            "tests__test_images__obama_partial_face2.jpg"),
        files(review, ReasonCode.FACE_CUT_OFF));
  }

  @Test
  void theEmbedderSeparatesPersonsCompletely() {
    try (YuNetDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx"));
        FaceEmbedder embedder = OnnxEmbedder.open(
            Material.at("faces/mobileface_v2_112.onnx"),
            EmbedderSpec.MOBILEFACE,
            UsePolicy.COMMERCIAL)) {
      List<Shot> shots = Shot.in("photos/people").stream()
          .filter(shot -> !shot.name().contains(GROUP))
          .toList();
      List<float[]> vectors =
          shots.stream().map(shot -> vector(shot, detector, embedder)).toList();
      double leastSame = 1;
      double mostDifferent = -1;
      for (int i = 0; i < shots.size(); i++) {
        for (int j = 0; j < i; j++) {
          double cosine = FaceEmbedder.cosine(vectors.get(i), vectors.get(j));
          boolean same = shots.get(i).person().equals(shots.get(j).person());
          leastSame = same ? Math.min(leastSame, cosine) : leastSame;
          mostDifferent = same ? mostDifferent : Math.max(mostDifferent, cosine);
        }
      }
      assertTrue(
          leastSame > EmbedderSpec.MOBILEFACE.samePersonThreshold(), "least same " + leastSame);
      assertTrue(mostDifferent < 0.3, "most different " + mostDifferent);
    }
  }

  @Test
  void networksLeakNoNativeMemory() {
    detectAndEmbed();
    long before = Pointer.totalCount();

    detectAndEmbed();

    assertEquals(before, Pointer.totalCount());
  }

  private static void detectAndEmbed() {
    RgbImage image = PaintedFace.image(300, 300, 150, 140, 120);
    try (YuNetDetector detector = YuNetDetector.open(Material.at("faces/yunet_n_320_320.onnx"));
        FaceEmbedder embedder = OnnxEmbedder.open(
            Material.at("faces/mobileface_v2_112.onnx"),
            EmbedderSpec.MOBILEFACE,
            UsePolicy.COMMERCIAL)) {
      embedder.embed(image, detector.detect(image).get(0));
    }
  }

  @Test
  void namesTheStrangerInASet() {
    try (ReviewTools tools = ReviewTools.builtIn()
        .withDetector(Material.at("faces/yunet_n_640_640.onnx"))
        .withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.NON_COMMERCIAL)
        .withQuality(Material.at("faces/quality_v2_bgr_10_out_tiny_112_45_128.onnx"))) {
      List<Photo> photos = List.of(
              "examples__obama.jpg",
              "examples__obama2.jpg",
              "tests__test_images__obama3.jpg",
              "examples__biden.jpg")
          .stream()
          .map(name -> Photo.of(Material.at("photos/people").resolve(name)))
          .toList();

      PhotoReview review = PhotoReview.of(PhotoSet.of(photos), tools, ReviewOptions.defaults());

      assertEquals(Set.of("examples__biden.jpg"), files(review, ReasonCode.WRONG_PERSON));
      assertEquals(3, review.accepted().size());
    }
  }

  private static final List<String> DIFFERENT_PEOPLE = List.of(
      "people/examples__obama2.jpg",
      "people/examples__biden.jpg",
      "generated/ai_face.png",
      "formats/hopper.png",
      "objects/astronaut.png");

  private static final List<String> HALVES = List.of(
      "people/examples__obama2.jpg",
      "people/tests__test_images__obama3.jpg",
      "people/examples__knn_examples__test__obama1.jpg",
      "people/examples__biden.jpg",
      "people/examples__knn_examples__train__biden__biden2.jpg");

  @Test
  void asksWhichOfManyPeopleIsMeant() {
    try (ReviewTools cascades = withMobileFace(ReviewTools.builtIn());
        ReviewTools yunet = withMobileFace(
            ReviewTools.builtIn().withDetector(Material.at("faces/yunet_n_640_640.onnx")))) {
      for (ReviewTools tools : List.of(cascades, yunet)) {
        PhotoReview review = review(DIFFERENT_PEOPLE, tools);

        assertTrue(review.isPersonUnclear(), tools.detector().name() + ": " + review.toJson());
        assertEquals(
            review.accepted().size(),
            review.groups().size(),
            tools.detector().name() + ": " + review.toJson());
      }
    }
  }

  @Test
  void asksWhichHalfOfASetIsMeant() {
    try (ReviewTools cascades = withMobileFace(ReviewTools.builtIn());
        ReviewTools yunet = withMobileFace(
            ReviewTools.builtIn().withDetector(Material.at("faces/yunet_n_640_640.onnx")))) {
      for (ReviewTools tools : List.of(cascades, yunet)) {
        PhotoReview review = review(HALVES, tools);
        Photo shown =
            Photo.of(Material.at("photos/people/examples__knn_examples__train__biden__biden.jpg"));

        PhotoReview biden = review.withPersonIn(shown, tools);

        assertTrue(review.isPersonUnclear(), review.toJson());
        assertEquals(
            Set.of(
                "examples__obama2.jpg",
                "tests__test_images__obama3.jpg",
                "examples__knn_examples__test__obama1.jpg"),
            files(biden, ReasonCode.WRONG_PERSON),
            tools.detector().name());
        assertTrue(biden.accepted().stream().allMatch(photo -> photo.name().contains("biden")));
      }
    }
  }

  /** Some faces have no eyes that the cascades see, and none of them is taken for another. */
  @Test
  void doesNotRejectPhotosOfThePersonWithCascades() {
    try (ReviewTools tools = withMobileFace(ReviewTools.builtIn())) {
      List<String> own = Shot.in("photos/people", 64).stream()
          .map(Shot::name)
          .filter(name -> name.contains("obama") && !name.contains(GROUP))
          .map(name -> "people/" + name)
          .limit(9)
          .toList();

      PhotoReview review = review(own, tools);

      assertEquals(9, own.size());
      assertEquals(
          List.of(),
          review.photos().stream()
              .filter(photo -> photo.reasons().stream()
                  .anyMatch(reason -> reason.code() == ReasonCode.WRONG_PERSON
                      && reason.severity() == Verdict.REJECT))
              .map(PhotoVerdict::name)
              .toList());
      assertEquals(review, review.requireOnePerson());
    }
  }

  private static ReviewTools withMobileFace(ReviewTools tools) {
    return tools.withEmbedder(Material.at("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL);
  }

  private static PhotoReview review(List<String> names, ReviewTools tools) {
    List<Photo> photos =
        names.stream().map(name -> Photo.of(Material.at("photos/" + name))).toList();
    return PhotoReview.of(
        PhotoSet.of(photos),
        tools,
        ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withMaxLongSide(512)));
  }

  private static float[] vector(Shot shot, FaceDetector detector, FaceEmbedder embedder) {
    Face face = detector.detect(shot.image()).get(0);
    return embedder.embed(shot.image(), face);
  }

  private static Set<String> files(PhotoReview review, ReasonCode code) {
    return review.photos().stream()
        .filter(photo -> photo.reasons().stream().anyMatch(reason -> reason.code() == code))
        .map(PhotoVerdict::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
