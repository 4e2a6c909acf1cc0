package dev.likeness.photos.face;

import dev.likeness.photos.internal.head.MeanHead;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.QRDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;

/**
 * The rotation of a head in degrees. All angles are 0 for a face that looks into the camera.
 *
 * @param yaw rotation to the side; positive towards the right of the image
 * @param pitch rotation up or down; positive upwards
 * @param roll rotation in the image plane; positive if the eye on the right of the image is lower
 */
public record HeadPose(double yaw, double pitch, double roll) {
  /** The pose of a face that looks into the camera. */
  public static final HeadPose FRONTAL = new HeadPose(0, 0, 0);

  /**
   * Estimates the pose from five landmarks: the rotation of a mean head whose scaled orthographic
   * projection fits them best in the least-squares sense (the linear step of POS, DeMenthon and
   * Davis, IJCV 1995). The error is about ten degrees.
   */
  static final class PoseEstimate {
    private static final double[][] MODEL_POINTS = MeanHead.LANDMARKS.stream()
        .map(at -> new double[] {at.x(), at.y(), at.z()})
        .toArray(double[][]::new);

    private PoseEstimate() {}

    static HeadPose of(Face.Landmarks landmarks) {
      double[][] across = projection(landmarks.points());
      double[] u = across[0];
      double[] v = across[1];
      double scale = Math.sqrt(length(u) * length(v));
      if (!(scale > 0)) {
        return HeadPose.FRONTAL;
      }
      double yaw = Math.asin(clamp(u[2] / length(u)));
      double pitch = -Math.asin(clamp(v[2] / length(v)));
      Point left = landmarks.leftEye();
      Point right = landmarks.rightEye();
      double roll = Math.atan2(right.y() - left.y(), right.x() - left.x());
      return new HeadPose(Math.toDegrees(yaw), Math.toDegrees(pitch), Math.toDegrees(roll));
    }

    // The rows of the 2 x 3 matrix that maps the centred head to the centred, upright landmarks.
    private static double[][] projection(List<Point> points) {
      double roll = Math.atan2(
          points.get(1).y() - points.get(0).y(),
          points.get(1).x() - points.get(0).x());
      double cos = Math.cos(roll);
      double sin = Math.sin(roll);
      RealMatrix head = new Array2DRowRealMatrix(MODEL_POINTS.length, 3);
      RealMatrix seen = new Array2DRowRealMatrix(MODEL_POINTS.length, 2);
      for (int i = 0; i < MODEL_POINTS.length; i++) {
        Point p = points.get(i);
        head.setRow(i, MODEL_POINTS[i]);
        seen.setRow(i, new double[] {cos * p.x() + sin * p.y(), -sin * p.x() + cos * p.y()});
      }
      center(head);
      center(seen);
      RealMatrix solution = new QRDecomposition(head).getSolver().solve(seen).transpose();
      return solution.getData();
    }

    private static void center(RealMatrix rows) {
      for (int column = 0; column < rows.getColumnDimension(); column++) {
        RealVector values = rows.getColumnVector(column);
        double mean = values.getL1Norm() == 0
            ? 0
            : values.dotProduct(values.map(x -> 1)) / rows.getRowDimension();
        rows.setColumnVector(column, values.mapSubtract(mean));
      }
    }

    private static double length(double[] v) {
      return Math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    }

    private static double clamp(double sine) {
      return Math.max(-1, Math.min(1, sine));
    }
  }
}
