package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.YuNetDetector;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The pose of the head in the images of a shoot, for adapters with a ControlNet of their own: a
 * name, or the keypoints of a face in a photo. A shoot keeps the keypoints, and never the photo.
 *
 * @param name one of {@link FaceKeypoints#poses()}; empty for keypoints
 * @param keypoints the coordinates by their names; empty for a name
 */
record ShootPose(String name, Map<String, Double> keypoints) {
  private static final String NAME = "pose";
  private static final String KEYPOINTS = "keypoints";
  private static final String DETECTOR = "yunet";
  private static final String WIDTH = "width";
  private static final String HEIGHT = "height";
  private static final double MAX_SIDE = 100_000;
  private static final List<String> POINTS =
      List.of("left_eye", "right_eye", "nose", "left_mouth", "right_mouth");

  ShootPose {
    if (!name.isEmpty() && !keypoints.isEmpty()) {
      throw new IllegalArgumentException("give a pose, or keypoints of a photo, but not both");
    }
    if (!name.isEmpty() && !FaceKeypoints.poses().contains(name)) {
      throw new IllegalArgumentException(
          "unknown pose; known: " + String.join(", ", FaceKeypoints.poses()));
    }
    if (!keypoints.isEmpty()) {
      inPhoto(keypoints);
    }
  }

  private static FaceKeypoints.InPhoto inPhoto(Map<String, Double> keypoints) {
    List<Point> points = new ArrayList<>();
    for (String point : POINTS) {
      points.add(new Point(number(keypoints, point + "_x"), number(keypoints, point + "_y")));
    }
    return new FaceKeypoints.InPhoto(
        new Face.Landmarks(
            points.get(0), points.get(1), points.get(2), points.get(3), points.get(4)),
        (int) number(keypoints, WIDTH),
        (int) number(keypoints, HEIGHT));
  }

  private static double number(Map<String, Double> keypoints, String name) {
    Double value = keypoints.get(name);
    if (value == null || !(Math.abs(value) <= MAX_SIDE)) {
      throw new IllegalArgumentException("the keypoints have no number " + name + " up to "
          + (int) MAX_SIDE + "; give those that were read from a photo");
    }
    return value;
  }

  /**
   * Reads the keypoints of the largest face of a photo.
   *
   * @param models finds the detector; empty if the studio cannot look for models
   * @throws InvalidInputException if the detector is not on this machine, or finds no face
   */
  static Map<String, Object> read(byte[] photo, Optional<ModelAccess> models) {
    CatalogueModel yunet = ModelCatalogue.builtIn().find(DETECTOR).orElseThrow();
    Path file = models
        .flatMap(from -> from.find().apply(yunet))
        .orElseThrow(() -> new InvalidInputException("the pose of a photo is read by the face"
            + " detector " + DETECTOR + ", which is not on this machine; get it on the page Models,"
            + " or choose a pose by its name"));
    RgbImage image = new PhotoDecoder(Photos.LIMITS).decode("the photo", photo).image();
    try (YuNetDetector detector = YuNetDetector.open(file)) {
      Face.Landmarks found = detector.detect(image).stream()
          .flatMap(face -> face.landmarks().stream())
          .findFirst()
          .orElseThrow(() -> new InvalidInputException("no face was found in the photo; give a"
              + " photo with space around the face, or choose a pose by its name"));
      Map<String, Object> keypoints = new LinkedHashMap<>();
      keypoints.put(WIDTH, image.width());
      keypoints.put(HEIGHT, image.height());
      for (int i = 0; i < POINTS.size(); i++) {
        keypoints.put(POINTS.get(i) + "_x", found.points().get(i).x());
        keypoints.put(POINTS.get(i) + "_y", found.points().get(i).y());
      }
      return Map.of(KEYPOINTS, keypoints);
    }
  }

  /** Returns the pose of a stored shoot; empty if it has none. */
  static Optional<ShootPose> of(Map<String, Object> plan) {
    Map<String, Double> keypoints = new LinkedHashMap<>();
    if (plan.get(KEYPOINTS) instanceof Map<?, ?> stored) {
      stored.forEach(
          (key, value) -> keypoints.put(String.valueOf(key), ((Number) value).doubleValue()));
    }
    return of(String.valueOf(plan.getOrDefault(NAME, "")), keypoints);
  }

  /** Returns a pose; empty if neither is given. */
  static Optional<ShootPose> of(String name, Map<String, Double> keypoints) {
    return name.isEmpty() && keypoints.isEmpty()
        ? Optional.empty()
        : Optional.of(new ShootPose(name, keypoints));
  }

  /** Adds this pose to the plan of a shoot. */
  void put(Map<String, Object> plan) {
    if (name.isEmpty()) {
      plan.put(KEYPOINTS, keypoints);
    } else {
      plan.put(NAME, name);
    }
  }

  /** Returns the control image for whole images of a base. */
  ControlImage control(PersonAdapter adapter, BaseModel base) {
    int width = base.defaults().width();
    int height = base.defaults().height();
    return name.isEmpty()
        ? adapter.poseAsIn(inPhoto(keypoints), width, height)
        : adapter.pose(name, width, height);
  }
}
