package dev.likeness.examples.command;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotCrop;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which part of a headshot is shown. */
final class AspectOption {
  private static final Pattern RATIO = Pattern.compile("([1-9][0-9]{0,4})[:x]([1-9][0-9]{0,4})");

  @Option(names = "--aspect", paramLabel = "W:H", defaultValue = "square", description = "square, avatar (round), or sides "
      + "such as 4:5 and 3:2: cropped with the eyes on the upper third (default: ${DEFAULT-VALUE})")
  private String aspect;

  /** The headshot as it is asked for; whole where no face is seen. */
  Headshot of(Headshot headshot, FaceDetector detector) {
    Picture picture = headshot.picture();
    double ratio = ratio();
    boolean avatar = aspect.equals("avatar");
    List<Face> faces = avatar || ratio != 1 ? detector.detect(picture) : List.of();
    if (faces.isEmpty()) {
      return headshot;
    }
    HeadshotCrop crop = avatar ? HeadshotCrop.avatar(picture, faces.get(0)) : HeadshotCrop.of(picture, faces.get(0), ratio);
    return new Headshot(crop.of(picture), headshot.style(), headshot.seed(), headshot.request(), headshot.likeness());
  }

  /** Width over height; refuses what is none. */
  double ratio() {
    Matcher sides = RATIO.matcher(aspect);
    if (aspect.equals("square") || aspect.equals("avatar")) {
      return 1;
    }
    if (!sides.matches()) {
      throw new IllegalArgumentException("--aspect \"" + aspect + "\" is unknown; give square, avatar, or sides such as 4:5");
    }
    double ratio = Double.parseDouble(sides.group(1)) / Double.parseDouble(sides.group(2));
    if (ratio < 0.25 || ratio > 4) {
      throw new IllegalArgumentException("--aspect " + aspect + " is too narrow; give sides of 1:4 to 4:1");
    }
    return ratio;
  }
}
