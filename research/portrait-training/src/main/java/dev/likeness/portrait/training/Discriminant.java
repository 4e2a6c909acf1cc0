package dev.likeness.portrait.training;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Turns features of faces so that cosines tell people apart: what differs between photos of one
 * person is brought to the same spread in every direction, and each direction then counts by how
 * far people differ in it (Fisher 1936; the weights are those of Ioffe 2006, "Probabilistic Linear
 * Discriminant Analysis", eq. 7).
 *
 * @param matrix [size, size], rows are the new directions
 * @param mean of the features, [size]
 */
record Discriminant(Tensor matrix, Tensor mean) {
  private static final double LEAST = 1e-4;

  /** Learns from [people, photos of each, size]. */
  static Discriminant of(Tensor features) {
    long people = features.size(0);
    long photos = features.size(1);
    long size = features.size(2);
    Tensor own = features.mean(1);
    Tensor astray = features.sub(own.unsqueeze(1)).reshape(-1, size);
    Tensor within = astray.t().matmul(astray).div(new Scalar((double) people * (photos - 1)));
    var photo = torch.linalg_eigh(within.add(torch.eye(size).mul(new Scalar(LEAST))));
    Tensor white = photo.get1().mul(photo.get0().rsqrt());
    Tensor mean = own.mean(0);
    Tensor apart = own.sub(mean).matmul(white);
    var person = torch.linalg_eigh(apart.t().matmul(apart).div(new Scalar(people - 1.0)));
    // The means of few photos differ by 1 / photos even where people do not.
    Tensor signal = person.get0().sub(new Scalar(1.0 / photos)).relu();
    Tensor weight = signal.div(signal.add(new Scalar(1.0))).sqrt();
    return new Discriminant(white.matmul(person.get1()).mul(weight).t().contiguous(), mean);
  }

  /**
   * The same with all cosines as they are, turned as a whole so that vectors of {@code features},
   * those that it was learnt from, point where {@code others} of the same photos do, as nearly as
   * can be (orthogonal Procrustes: Schoenemann 1966).
   */
  Discriminant along(Tensor features, Tensor others) {
    Tensor own = LatentEyeTraining.unit(features.sub(mean).matmul(matrix.t()).flatten(0, 1));
    var svd =
        torch.linalg_svd(LatentEyeTraining.unit(others.flatten(0, 1)).t().matmul(own), false, null);
    return new Discriminant(svd.get0().matmul(svd.get2()).matmul(matrix), mean);
  }
}
