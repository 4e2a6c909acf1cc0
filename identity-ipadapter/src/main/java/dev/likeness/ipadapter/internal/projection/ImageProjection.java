package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SinusoidalEmbedding;
import dev.likeness.diffusion.internal.nn.TimestepEmbedding;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Turns references into tokens for a base model's attentions. Immutable and thread-safe. */
@FunctionalInterface
public interface ImageProjection {
  /** Computes tokens [n, tokens, contextWidth] of n references. */
  Tensor forward(ProjectionInputs sights);

  /**
   * Reads the projection of an adapter.
   *
   * @param w the weights below {@code image_proj}
   * @param shortcut weight of FaceID-Plus's refined tokens, added to the plain ones; NaN for the
   *     refined ones alone
   */
  static ImageProjection of(AdapterLayout layout, Weights w, double shortcut) {
    return switch (layout.variant()) {
      case BASE, XLABS -> new PooledProjection(layout, w);
      case FULL_FACE -> new TokenProjection(layout, w);
      case PLUS -> new ResamplerProjection(layout, w, false);
      case PORTRAIT_UNNORM -> new ResamplerProjection(layout, w, true);
      case FACE_ID, PORTRAIT, INSTANT_X -> new MlpProjection(layout, w);
      case INSTANT_X_TIMED -> new TimestepResampler(layout, w);
      case FACE_ID_PLUS -> new FaceIdPlusProjection(layout, w, shortcut);
    };
  }

  /**
   * IP-Adapter: a linear layer over the image's pooled vector (Ye et al. 2023, arXiv:2308.06721,
   * section 3.2).
   */
  static final class PooledProjection implements ImageProjection {
    private final Linear proj;
    private final LayerNorm norm;
    private final AdapterLayout layout;

    PooledProjection(AdapterLayout layout, Weights w) {
      this.layout = layout;
      proj = new Linear(w.at("proj"), layout.imageWidth(), layout.tokens() * layout.contextWidth());
      norm = new LayerNorm(w.at("norm"), layout.contextWidth());
    }

    @Override
    public Tensor forward(ProjectionInputs sights) {
      return norm.forward(proj.forward(sights.image().select(1, 0))
          .view(-1, layout.tokens(), layout.contextWidth()));
    }
  }

  /**
   * FaceID-Plus: FaceID's tokens attend to an image of the face. Version 2 adds the tokens from
   * before the attention.
   */
  static final class FaceIdPlusProjection implements ImageProjection {
    private final MlpProjection face;
    private final PerceiverResampler resampler;
    private final double shortcutScale;

    FaceIdPlusProjection(AdapterLayout layout, Weights w, double shortcutScale) {
      face = new MlpProjection(layout, w);
      resampler = new PerceiverResampler(
          w.at("perceiver_resampler"),
          layout.resampler(),
          layout.imageWidth(),
          layout.contextWidth());
      this.shortcutScale = shortcutScale;
    }

    @Override
    public Tensor forward(ProjectionInputs sights) {
      Tensor tokens = face.forward(sights);
      Tensor refined = resampler.forward(tokens, sights.image(), null);
      return Double.isNaN(shortcutScale) ? refined : tokens.add(refined, new Scalar(shortcutScale));
    }
  }

  /**
   * IP-Adapter Plus: trained queries attend to the image's tokens, or to a face embedding as one
   * token.
   */
  static final class ResamplerProjection implements ImageProjection {
    private final Tensor latents;
    private final PerceiverResampler resampler;
    private final boolean readsFace;

    ResamplerProjection(AdapterLayout layout, Weights w, boolean readsFace) {
      this.readsFace = readsFace;
      latents = w.tensor("latents", 1, layout.tokens(), layout.resampler().width());
      resampler = new PerceiverResampler(
          w,
          layout.resampler(),
          readsFace ? layout.faceWidth() : layout.imageWidth(),
          layout.contextWidth());
    }

    @Override
    public Tensor forward(ProjectionInputs sights) {
      Tensor x = readsFace ? sights.face().unsqueeze(1) : sights.image();
      return resampler.forward(
          latents.expand(x.size(0), latents.size(1), latents.size(2)), x, null);
    }
  }

  /**
   * The inputs of a projection, one row for each reference.
   *
   * @param image output of an image encoder: [n, 1, projection] pooled, or [n, tokens, width]; null
   *     if not used
   * @param face face embeddings [n, width]; null if not used
   * @param time the timestep embedding of {@link TimestepResampler#timeEmbedding}, [1, width]; null
   *     if not used
   */
  public record ProjectionInputs(Tensor image, Tensor face, Tensor time) {
    /** Creates inputs without a timestep. */
    public ProjectionInputs(Tensor image, Tensor face) {
      this(image, face, null);
    }
  }

  /** IP-Adapter Full Face: two layers over each of the image's tokens. */
  static final class TokenProjection implements ImageProjection {
    private final Linear in;
    private final Linear out;
    private final LayerNorm norm;

    TokenProjection(AdapterLayout layout, Weights w) {
      in = new Linear(w.at("proj").at(0), layout.imageWidth(), layout.hiddenWidth());
      out = new Linear(w.at("proj").at(2), layout.hiddenWidth(), layout.contextWidth());
      norm = new LayerNorm(w.at("proj").at(3), layout.contextWidth());
    }

    @Override
    public Tensor forward(ProjectionInputs sights) {
      return norm.forward(out.forward(torch.gelu(in.forward(sights.image()))));
    }
  }

  /**
   * FaceID and Portrait: two layers over a face embedding. InstantX: two layers over the image's
   * pooled vector.
   */
  static final class MlpProjection implements ImageProjection {
    private final Linear in;
    private final Linear out;
    private final LayerNorm norm;
    private final AdapterLayout layout;

    MlpProjection(AdapterLayout layout, Weights w) {
      this.layout = layout;
      in = new Linear(
          w.at("proj").at(0),
          readsFace() ? layout.faceWidth() : layout.imageWidth(),
          layout.hiddenWidth());
      out = new Linear(
          w.at("proj").at(2), layout.hiddenWidth(), layout.tokens() * layout.contextWidth());
      norm = new LayerNorm(w.at("norm"), layout.contextWidth());
    }

    @Override
    public Tensor forward(ProjectionInputs sights) {
      Tensor x = readsFace() ? sights.face() : sights.image().select(1, 0);
      Tensor flat = out.forward(torch.gelu(in.forward(x)));
      return norm.forward(flat.view(-1, layout.tokens(), layout.contextWidth()));
    }

    private boolean readsFace() {
      return layout.variant().needsFace();
    }
  }

  /**
   * InstantX's projection for Stable Diffusion 3.5: trained queries attend to the image's tokens,
   * modulated by a timestep embedding. Same results as diffusers'
   * {@code IPAdapterTimeImageProjection}.
   */
  public static final class TimestepResampler implements ImageProjection {
    private final SinusoidalEmbedding timeProj;
    private final TimestepEmbedding timestepEmbedding;
    private final Tensor latents;
    private final PerceiverResampler resampler;

    TimestepResampler(AdapterLayout layout, Weights w) {
      timeProj = new SinusoidalEmbedding((int) layout.hiddenWidth(), true, 0);
      int width = (int) layout.resampler().width();
      timestepEmbedding =
          new TimestepEmbedding(w.at("time_embedding"), timeProj.width(), width, Activation.SILU);
      latents = w.tensor("latents", 1, layout.tokens(), width);
      resampler = PerceiverResampler.withTimestep(
          w, layout.resampler(), layout.imageWidth(), layout.contextWidth());
    }

    /** Computes the embedding [1, width] of a timestep [1] in 0..1000. */
    public Tensor timeEmbedding(Tensor time) {
      return timestepEmbedding.forward(timeProj.embed(time).to(latents.scalar_type()));
    }

    @Override
    public Tensor forward(ImageProjection.ProjectionInputs sights) {
      Tensor x = sights.image();
      return resampler.forward(
          latents.expand(x.size(0), latents.size(1), latents.size(2)), x, sights.time());
    }
  }
}
