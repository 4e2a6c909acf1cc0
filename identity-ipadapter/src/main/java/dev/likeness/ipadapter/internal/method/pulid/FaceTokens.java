package dev.likeness.ipadapter.internal.method.pulid;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.projection.IdFormer;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Computes the tokens of a person from the features of all photos together, as
 * {@code PuLIDPipeline.get_id_embedding} does.
 */
final class FaceTokens implements ImageProjection {
  /** The length of face embeddings; the encoder also takes the pooled output of the tower. */
  static final int FACE_WIDTH = 512;

  private final IdFormer former;
  private final long pooledWidth;

  FaceTokens(TensorNames names, Weights root, String prefix) {
    IdFormer.Shape shape = IdFormer.Shape.of(names, prefix + ".");
    former = new IdFormer(shape, root.at(prefix));
    pooledWidth = shape.faceWidth() - FACE_WIDTH;
  }

  /**
   * Computes tokens [1, queries, contextWidth].
   *
   * @param in features of n photos [n, 1 + 5 tokens, width], whose first row is the pooled output,
   *     and face embeddings [n, 512]
   */
  @Override
  public Tensor forward(ProjectionInputs in) {
    Tensor features = in.image();
    long photos = features.size(0);
    long each = (features.size(1) - 1) / IdFormer.HIDDEN_STATES;
    Tensor pooled = features.select(1, 0).narrow(1, 0, pooledWidth);
    Tensor face = torch.cat(new TensorVector(in.face(), pooled), 1);
    List<Tensor> hidden = new ArrayList<>();
    for (int i = 0; i < IdFormer.HIDDEN_STATES; i++) {
      hidden.add(
          features.narrow(1, 1 + i * each, each).reshape(1, photos * each, features.size(2)));
    }
    return former.forward(photos == 1 ? face : face.unsqueeze(0), hidden);
  }
}
