package dev.likeness.headshots.person;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.quality.FacePatch;
import java.util.Arrays;

/**
 * Measures of skin tone, skin detail and face width. A flattering image changes these measures.
 *
 * @param tone lightness of the skin in the middle of the face: the individual typology angle
 *     (Chardon, Cretois and Hourseau 1991) in degrees, usually -90 to 90. Higher is lighter; NaN
 *     for a black-and-white image
 * @param texture fine detail of the skin: mean absolute difference of a pixel from the mean of its
 *     3x3 neighbourhood, in grey levels. The skin of older people has more detail
 * @param faceWidth distance between the eyes, corrected for yaw, divided by their distance to the
 *     mouth; NaN without landmarks or if the face is turned by more than 20 degrees
 */
public record FaceTraits(double tone, double texture, double faceWidth) {
  private static final double MAX_YAW = 20;
  // The chroma of skin is 10 or more. With hardly any colour, the angle would only measure noise.
  private static final double MIN_CHROMA = 3;

  static FaceTraits of(RgbImage image, Face face) {
    FacePatch patch = FacePatch.of(image, face);
    int side = patch.side();
    double[] light = new double[side * side];
    double[] yellow = new double[side * side];
    double[] chroma = new double[side * side];
    double detail = 0;
    int n = 0;
    for (int y = side / 3; y < side * 4 / 5; y++) {
      for (int x = side / 4; x < side * 3 / 4; x++) {
        double[] lab = lab(patch.image(), x, y);
        light[n] = lab[0];
        yellow[n] = lab[2];
        chroma[n] = Math.hypot(lab[1], lab[2]);
        detail += Math.abs(patch.luma().at(x, y) - neighbourhoodMean(patch, x, y));
        n++;
      }
    }
    double tone = Math.toDegrees(Math.atan2(median(light, n) - 50, median(yellow, n)));
    return new FaceTraits(
        median(chroma, n) < MIN_CHROMA ? Double.NaN : tone, detail / n, faceWidth(face));
  }

  private static double neighbourhoodMean(FacePatch patch, int x, int y) {
    double sum = 0;
    for (int dy = -1; dy <= 1; dy++) {
      for (int dx = -1; dx <= 1; dx++) {
        sum += patch.luma().at(x + dx, y + dy);
      }
    }
    return sum / 9;
  }

  private static double faceWidth(Face face) {
    if (face.landmarks().isEmpty() || Math.abs(face.pose().yaw()) > MAX_YAW) {
      return Double.NaN;
    }
    Face.Landmarks points = face.landmarks().get();
    double eyes = Math.hypot(
        points.rightEye().x() - points.leftEye().x(),
        points.rightEye().y() - points.leftEye().y());
    double down = Math.hypot(
        midpoint(points.leftMouth().x(), points.rightMouth().x())
            - midpoint(points.leftEye().x(), points.rightEye().x()),
        midpoint(points.leftMouth().y(), points.rightMouth().y())
            - midpoint(points.leftEye().y(), points.rightEye().y()));
    return eyes / Math.cos(Math.toRadians(face.pose().yaw())) / down;
  }

  private static double midpoint(double a, double b) {
    return (a + b) / 2;
  }

  private static double median(double[] values, int n) {
    double[] sorted = Arrays.copyOf(values, n);
    Arrays.sort(sorted);
    return sorted[n / 2];
  }

  /**
   * The CIE L*, a* and b* of an sRGB pixel under D65 (CIE 15:2004; IEC 61966-2-1).
   *
   * @param image the image
   * @param x column of the pixel, from 0
   * @param y row of the pixel, from 0
   * @return L* (0 to 100), a* and b*
   */
  public static double[] lab(RgbImage image, int x, int y) {
    return lab(linear(image.at(x, y, 0)), linear(image.at(x, y, 1)), linear(image.at(x, y, 2)));
  }

  /**
   * The CIE L*, a* and b* of a colour in linear sRGB under D65.
   *
   * @param r linear red, 0 to 1
   * @param g linear green, 0 to 1
   * @param b linear blue, 0 to 1
   * @return L* (0 to 100), a* and b*
   */
  public static double[] lab(double r, double g, double b) {
    double fx = labRoot((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    double fy = labRoot(0.2126 * r + 0.7152 * g + 0.0722 * b);
    double fz = labRoot((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.0890);
    return new double[] {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
  }

  private static double linear(int channel) {
    double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  }

  private static double labRoot(double t) {
    return t > 216.0 / 24389 ? Math.cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  }
}
