package dev.likeness.ipadapter.internal.parsing;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.vision.EvaVisionModel;
import dev.likeness.ipadapter.internal.vision.LoadedEvaEncoder;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads the features of an aligned face as PuLID does: a face parser leaves the face in grey on
 * white, and a vision tower encodes it. Immutable and thread-safe; owns its networks until closed.
 */
public final class FaceFeatureEncoder implements AutoCloseable {
  /** The side of aligned faces in pixels, for which an ONNX file must be made. */
  private static final int SIDE = 512;

  private final LoadedEvaEncoder tower;
  private final FaceParser parser;

  private FaceFeatureEncoder(LoadedEvaEncoder tower, FaceParser parser) {
    this.tower = tower;
    this.parser = parser;
  }

  /**
   * Opens a vision tower and a face parser.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a file is missing or broken, or
   *     is another network
   */
  public static FaceFeatureEncoder open(Path tower, Path parser, Compute compute) {
    FaceParser parsing = FaceParser.open(parser, SIDE, compute);
    try {
      return new FaceFeatureEncoder(LoadedEvaEncoder.open(tower, compute), parsing);
    } catch (RuntimeException e) {
      parsing.close();
      throw e;
    }
  }

  /** Returns the width of a hidden state. */
  public int width() {
    return tower.config().width();
  }

  /** Returns the tower's file, for messages. */
  public String describe() {
    return tower.describe();
  }

  /** Returns a hash of the tower's weights. */
  public String fingerprint() {
    return tower.fingerprint();
  }

  /**
   * Encodes an aligned face: one row with the pooled output divided by its length, filled up with
   * zeros, and the five hidden states one after the other, [1, 1 + 5 tokens, width], f32, CPU. The
   * calling scope owns the result.
   */
  public Tensor encode(RgbImage aligned) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor unit = ImageTensors.toUnit(aligned);
      Tensor face = FaceFeatureImage.of(unit, parser.labels(unit));
      EvaVisionModel.EvaEncoding made =
          tower.encode(FaceFeatureImage.resize(face, tower.config().imageSize()));
      Tensor pooled = made.pooled().to(ScalarType.Float).cpu();
      Tensor length = pooled.norm();
      long missing = width() - pooled.size(1);
      TensorVector rows =
          new TensorVector(torch.pad(pooled.div(length), 0, missing).unsqueeze(0));
      made.hidden().forEach(state -> rows.push_back(state.to(ScalarType.Float).cpu()));
      return scope.promote(torch.cat(rows, 1));
    }
  }

  @Override
  public void close() {
    tower.close();
    parser.close();
  }
}
