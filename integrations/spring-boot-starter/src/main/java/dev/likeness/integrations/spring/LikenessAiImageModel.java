package dev.likeness.integrations.spring;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.GenerationQueue.QueueFullException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.image.Image;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageGenerationMetadata;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.retry.TransientAiException;

/**
 * Generates images for Spring AI through a queue, which bounds the jobs and the memory of all
 * callers together. A call waits for its images. Immutable and thread-safe; the caller closes the
 * queue and the base after the last call.
 *
 * <p>Each image is a PNG file in {@link Image#getB64Json()}. It has the marking of
 * {@link GeneratedImage.Marking#load()}. The metadata of each image is a {@link Seed}.
 *
 * <p>Messages with the weight -1 form the negative prompt. Messages without a weight or with the
 * weight 1 form the prompt. The image model refuses other weights, a style, a model name that is
 * not the base's, and URLs as the response format.
 */
public final class LikenessAiImageModel implements ImageModel {
  private static final String FORMAT = "b64_json";

  private static final int DEFAULT_MAX_IMAGES = 8;

  private final GenerationQueue queue;
  private final UnaryOperator<ImageRequest> options;
  private final int maxImages;

  private LikenessAiImageModel(
      GenerationQueue queue, UnaryOperator<ImageRequest> options, int maxImages) {
    this.queue = queue;
    this.options = options;
    this.maxImages = maxImages;
  }

  /**
   * The seed of a generated image. The same request with this seed generates the same image again.
   *
   * @param seed the seed
   */
  public record Seed(long seed) implements ImageGenerationMetadata {}

  /**
   * {@return an image model with the default options of the queue's base, a new random seed for
   * each call, and at most 8 images in a call}
   *
   * @param queue the queue that generates the images; the caller closes it after the last call of
   *     the image model
   */
  public static LikenessAiImageModel on(GenerationQueue queue) {
    return new LikenessAiImageModel(queue, UnaryOperator.identity(), DEFAULT_MAX_IMAGES);
  }

  /**
   * {@return a copy of this image model with another limit of images in a call}
   *
   * @param count the largest number of images that a call may ask for, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public LikenessAiImageModel maxImages(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "an image model must allow at least 1 image in a call, got " + count);
    }
    return new LikenessAiImageModel(queue, options, count);
  }

  /**
   * {@return a copy of this image model with options for every request} For example, {@code ask ->
   * ask.steps(20).seed(1)} sets the steps and fixes the seed.
   *
   * @param change returns a changed copy of each request. The function is called after the
   *     functions of earlier {@code options} calls, and before the options of the image prompt are
   *     applied
   */
  public LikenessAiImageModel options(UnaryOperator<ImageRequest> change) {
    return new LikenessAiImageModel(queue, ask -> change.apply(options.apply(ask)), maxImages);
  }

  /**
   * Generates images.
   *
   * @param prompt the messages, and the number and the size of images. The default is one image of
   *     the base's default size, unless {@link #options(UnaryOperator)} sets another number or size
   * @return the images, in the order of their seeds
   * @throws NonTransientAiException if an option cannot be used, if more images are asked for than
   *     {@link #maxImages}, if the calling thread was interrupted, or if the queue is closed; the
   *     cause is the exception of the library
   * @throws TransientAiException if the queue is full, if memory, a device or a native library is
   *     missing, or if an image needs more memory than the queue's budget; the cause is the
   *     exception of the library
   */
  @Override
  public ImageResponse call(ImagePrompt prompt) {
    try {
      return new ImageResponse(queue.generateAll(bounded(request(prompt))).stream()
          .map(LikenessAiImageModel::generation)
          .toList());
    } catch (QueueFullException | ResourceLimitException e) {
      throw new TransientAiException(e.getMessage(), e);
    } catch (IllegalArgumentException | IllegalStateException | LikenessException e) {
      throw new NonTransientAiException(e.getMessage(), e);
    }
  }

  private ImageRequest bounded(ImageRequest ask) {
    if (ask.count() > maxImages) {
      throw new IllegalArgumentException("a call asks for " + ask.count()
          + " images, and this image model generates at most " + maxImages
          + " in a call; ask for fewer images, or raise likeness.max-images");
    }
    return ask;
  }

  private ImageRequest request(ImagePrompt prompt) {
    String negative = text(prompt.getInstructions(), true);
    ImageRequest ask = options.apply(ImageRequest.of(text(prompt.getInstructions(), false))
        .seed(ThreadLocalRandom.current().nextLong(1L << 32)));
    if (!negative.isEmpty()) {
      ask = ask.negative(negative);
    }
    ImageOptions given = prompt.getOptions();
    if (given == null) {
      return ask;
    }
    require(given.getModel(), queue.base().name(), "model");
    require(given.getResponseFormat(), FORMAT, "response format");
    require(given.getStyle(), null, "style");
    if (given.getWidth() != null) {
      ask = ask.sizeOptions(ask.sizeOptions().width(given.getWidth()));
    }
    if (given.getHeight() != null) {
      ask = ask.sizeOptions(ask.sizeOptions().height(given.getHeight()));
    }
    return given.getN() == null ? ask : ask.count(given.getN());
  }

  private static String text(List<ImageMessage> messages, boolean negative) {
    for (ImageMessage message : messages) {
      Float weight = message.getWeight();
      if (weight != null && Math.abs(weight) != 1) {
        throw new IllegalArgumentException("a message of an image prompt has the weight " + weight
            + "; give 1 for the prompt, or -1 for the negative prompt");
      }
    }
    return String.join(
        ", ",
        messages.stream()
            .filter(message -> (message.getWeight() != null && message.getWeight() < 0) == negative)
            .map(ImageMessage::getText)
            .toList());
  }

  private static void require(@Nullable String given, @Nullable String only, String option) {
    if (given != null && !given.isBlank() && !given.equals(only)) {
      throw new IllegalArgumentException(
          "this image model does not accept the " + option + " \"" + given
              + "\" of an image prompt; leave it out" + (only == null ? "" : ", or give " + only));
    }
  }

  private static ImageGeneration generation(GeneratedImage image) {
    String data = Base64.getEncoder().encodeToString(image.toPng());
    return new ImageGeneration(new Image(null, data), new Seed(image.seed()));
  }
}
