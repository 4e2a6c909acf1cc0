package dev.likeness.examples.command;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotCrop;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import picocli.CommandLine.Option;

/** Which part of a headshot is shown. */
final class AspectOption {
  @Option(names = "--aspect", paramLabel = "W:H", description = "square, avatar (round), or sides such as 4:5 and 3:2: "
      + "cropped with the eyes on the upper third (default: the style's, mostly square)")
  private String aspect;

  /** The headshot as it is asked for; whole where no face is seen. */
  Headshot of(Headshot headshot, FaceDetector detector) {
    Picture picture = headshot.picture();
    String format = aspect == null ? headshot.style().crop() : aspect;
    double ratio = HeadshotCrop.ratio(format);
    boolean avatar = format.equals("avatar");
    List<Face> faces = avatar || ratio != 1 ? detector.detect(picture) : List.of();
    if (faces.isEmpty()) {
      return headshot;
    }
    HeadshotCrop crop = avatar ? HeadshotCrop.avatar(picture, faces.get(0)) : HeadshotCrop.of(picture, faces.get(0), ratio);
    return new Headshot(crop.of(picture), headshot.style(), headshot.seed(), headshot.request(), headshot.likeness());
  }

  /** Refuses what is no aspect. */
  void check() {
    if (aspect != null) {
      try {
        HeadshotCrop.ratio(aspect);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("--aspect: " + e.getMessage(), e);
      }
    }
  }
}
