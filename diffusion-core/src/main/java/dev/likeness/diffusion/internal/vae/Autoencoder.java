package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Encodes images to latents and decodes latents to images. Images are [batch, 3, h, w] in -1..1;
 * latents are [batch, channels, h/factor, w/factor] at the diffusion model's scale. Results belong
 * to the calling scope.
 */
public interface Autoencoder {
  /** Returns the number of latent channels. */
  int latentChannels();

  /** Returns the number of pixels along the side of a latent. */
  int vaeScaleFactor();

  /** Decodes latents to images, without clamping. */
  Tensor decode(Tensor latents);

  /** Encodes images; returns the distribution of their latents. */
  LatentDistribution encode(Tensor images);

  /**
   * Returns the approximate memory in bytes to decode an image, with weights; 0 if it is not known.
   */
  default long decodingMemory(int width, int height) {
    return 0;
  }

  /**
   * Returns this autoencoder with large layers computed in strips: less memory, and the same result
   * up to rounding.
   */
  default Autoencoder tiled() {
    return this;
  }

  /** Returns this autoencoder in f32; itself if it is f32. */
  default Autoencoder inF32() {
    return this;
  }

  /**
   * Returns this autoencoder for one image after the other: the same result with the memory of one.
   */
  default Autoencoder sliced() {
    return new SlicedAutoencoder(this);
  }

  /** An autoencoder that processes the images of a batch one at a time. */
  record SlicedAutoencoder(Autoencoder autoencoder) implements Autoencoder {
    @Override
    public int latentChannels() {
      return autoencoder.latentChannels();
    }

    @Override
    public int vaeScaleFactor() {
      return autoencoder.vaeScaleFactor();
    }

    @Override
    public Tensor decode(Tensor latents) {
      return each(latents, autoencoder::decode);
    }

    @Override
    public LatentDistribution encode(Tensor images) {
      try (TensorScope scope = TensorScope.open()) {
        TensorVector means = new TensorVector();
        TensorVector logVariances = new TensorVector();
        LatentDistribution last = null;
        for (long i = 0; i < images.size(0); i++) {
          last = autoencoder.encode(images.narrow(0, i, 1));
          means.push_back(last.mean());
          if (last.logVariance() != null) {
            logVariances.push_back(last.logVariance());
          }
        }
        Tensor logVariance =
            logVariances.empty() ? null : scope.promote(torch.cat(logVariances, 0));
        return new LatentDistribution(
            scope.promote(torch.cat(means, 0)),
            logVariance,
            last.scalingFactor(),
            last.shiftFactor());
      }
    }

    private static Tensor each(Tensor batch, UnaryOperator<Tensor> one) {
      try (TensorScope scope = TensorScope.open()) {
        TensorVector done = new TensorVector();
        for (long i = 0; i < batch.size(0); i++) {
          done.push_back(one.apply(batch.narrow(0, i, 1)));
        }
        return scope.promote(torch.cat(done, 0));
      }
    }

    @Override
    public Autoencoder inF32() {
      return autoencoder.inF32() == autoencoder ? this : new SlicedAutoencoder(autoencoder.inF32());
    }

    @Override
    public Autoencoder tiled() {
      return new SlicedAutoencoder(autoencoder.tiled());
    }

    @Override
    public Autoencoder sliced() {
      return this;
    }
  }

  /**
   * The encoder's distribution of an image's latents: a diagonal Gaussian. Samples are at the
   * diffusion model's scale.
   *
   * @param mean [batch, channels, h, w], at the encoder's own scale
   * @param logVariance same shape, or null for a deterministic encoder
   * @param scalingFactor the diffusion model's factor: latents = (sample - shift) * scale
   */
  record LatentDistribution(
      Tensor mean, Tensor logVariance, double scalingFactor, double shiftFactor) {
    /** The mode of the distribution, at the diffusion model's scale. */
    public Tensor mode() {
      return scaled(mean);
    }

    /**
     * A sample with standard normal {@code noise} of the mean's shape, at the diffusion model's
     * scale.
     */
    public Tensor sample(Tensor noise) {
      return logVariance == null
          ? mode()
          : scaled(mean.add(logVariance.mul(new Scalar(0.5)).exp().mul(noise)));
    }

    private Tensor scaled(Tensor sample) {
      return (shiftFactor == 0 ? sample : sample.sub(new Scalar(shiftFactor)))
          .mul(new Scalar(scalingFactor));
    }
  }

  /**
   * An autoencoder that computes in f32 again if its result is not finite, because some published
   * ones overflow in f16. An image that is not finite in f32 either is refused.
   *
   * @param fast the autoencoder that is used first
   * @param warnings receives a warning for each retry
   */
  record FallbackAutoencoder(Autoencoder fast, Consumer<String> warnings) implements Autoencoder {
    @Override
    public int latentChannels() {
      return fast.latentChannels();
    }

    @Override
    public int vaeScaleFactor() {
      return fast.vaeScaleFactor();
    }

    @Override
    public Tensor decode(Tensor latents) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor image = fast.decode(latents);
        return scope.promote(overflowed(image, latents) ? decodeInF32(latents) : image);
      }
    }

    private Tensor decodeInF32(Tensor latents) {
      if (fast.inF32() != fast) {
        warnings.accept(
            "the decoded image had values that were not finite, so it was decoded again in f32");
        Tensor image = fast.inF32().decode(latents);
        if (Tensors.isFinite(image)) {
          return image;
        }
      }
      throw new InvalidInputException(
          "the decoded image has values that are not finite, even in f32; give the base another"
              + " autoencoder, or change steps or guidance");
    }

    @Override
    public LatentDistribution encode(Tensor images) {
      try (TensorScope scope = TensorScope.open()) {
        LatentDistribution latents = fast.encode(images);
        if (overflowed(latents.mean(), images) && fast.inF32() != fast) {
          warnings.accept(
              "the encoded latents had values that were not finite, so the image was encoded again"
                  + " in f32");
          latents = fast.inF32().encode(images);
        }
        return new LatentDistribution(
            scope.promote(latents.mean()),
            latents.logVariance() == null ? null : scope.promote(latents.logVariance()),
            latents.scalingFactor(),
            latents.shiftFactor());
      }
    }

    private static boolean overflowed(Tensor answer, Tensor question) {
      return !Tensors.isFinite(answer) && Tensors.isFinite(question);
    }

    @Override
    public Autoencoder inF32() {
      return fast.inF32();
    }

    @Override
    public Autoencoder tiled() {
      return new FallbackAutoencoder(fast.tiled(), warnings);
    }
  }
}
