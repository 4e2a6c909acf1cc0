package dev.likeness.integrations.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.GenerationQueue.QueueFullException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Generates and edits images for LangChain4j through a queue, which bounds the jobs and the memory
 * of all callers together. A call waits for its images. Immutable and thread-safe; the caller
 * closes the queue and the base after the last call.
 *
 * <p>Each image is a PNG file in {@link Image#base64Data()}. It has the marking of
 * {@link GeneratedImage.Marking#load()}, unless {@link #marking(GeneratedImage.Marking)} sets
 * another one. The metadata of a response contains the name of the base ({@code model}) and the
 * seed of each image ({@code seeds}, a list of {@link Long}).
 *
 * <p>Methods that generate or edit throw these exceptions of LangChain4j:
 *
 * <ul>
 *   <li>{@link InvalidRequestException} if an image or an option cannot be used, or more images are
 *       asked for than {@link #maxImages}
 *   <li>{@link RateLimitException} if the queue is full
 *   <li>{@link InternalServerException} if memory, a device or a native library is missing, or an
 *       image needs more memory than the queue's budget
 *   <li>{@link NonRetriableException} if the calling thread was interrupted, or the queue is closed
 * </ul>
 *
 * <p>The cause of such an exception is the exception that this library threw.
 */
public final class LikenessImageModel implements ImageModel {
  private static final String PNG = "image/png";

  private static final int DEFAULT_MAX_IMAGES = 8;

  private final GenerationQueue queue;
  private final UnaryOperator<ImageRequest> options;
  private final GeneratedImage.@Nullable Marking marking;
  private final int maxImages;

  private LikenessImageModel(
      GenerationQueue queue,
      UnaryOperator<ImageRequest> options,
      GeneratedImage.@Nullable Marking marking,
      int maxImages) {
    this.queue = queue;
    this.options = options;
    this.marking = marking;
    this.maxImages = maxImages;
  }

  /**
   * {@return an image model with the default options of the queue's base, a new random seed for
   * each call, and at most 8 images in a call}
   *
   * @param queue the queue that generates the images; the caller closes it after the last call of
   *     the image model
   */
  public static LikenessImageModel on(GenerationQueue queue) {
    return new LikenessImageModel(queue, UnaryOperator.identity(), null, DEFAULT_MAX_IMAGES);
  }

  /**
   * {@return a copy of this image model with another limit of images in a call}
   *
   * @param count the largest number of images that a call may ask for, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public LikenessImageModel maxImages(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(
          "an image model must allow at least 1 image in a call, got " + count);
    }
    return new LikenessImageModel(queue, options, marking, count);
  }

  /**
   * {@return a copy of this image model with options for every request} For example, {@code ask ->
   * ask.steps(20).seed(1).adapter(film.at(0.8))} sets the steps, fixes the seed and adds a LoRA.
   * The request of an edit contains the image as its {@link ImageRequest#initialImage()}.
   *
   * @param change returns a changed copy of each request. The function is called after the
   *     functions of earlier {@code options} calls. It cannot change the number of images
   */
  public LikenessImageModel options(UnaryOperator<ImageRequest> change) {
    return new LikenessImageModel(
        queue, ask -> change.apply(options.apply(ask)), marking, maxImages);
  }

  /**
   * {@return a copy of this image model with the given marking of generated images}
   *
   * @param other the marking, for example {@code GeneratedImage.Marking.named("xmp")}
   */
  public LikenessImageModel marking(GeneratedImage.Marking other) {
    return new LikenessImageModel(queue, options, other, maxImages);
  }

  /**
   * {@inheritDoc}
   *
   * @param prompt the prompt
   * @return one image
   * @throws InvalidRequestException if an option does not fit the base
   * @throws InternalServerException if memory, a device or a native library is missing
   */
  @Override
  public Response<Image> generate(String prompt) {
    return one(mapped(() -> generate(prompt, 1, null)));
  }

  /**
   * {@inheritDoc}
   *
   * @param prompt the prompt
   * @param n the number of images, from 1 to {@link #maxImages}
   * @return the images, in the order of their seeds
   * @throws InvalidRequestException if the number is out of its range or an option does not fit the
   *     base
   * @throws InternalServerException if memory, a device or a native library is missing
   */
  @Override
  public Response<List<Image>> generate(String prompt, int n) {
    return mapped(() -> generate(prompt, n, null));
  }

  /**
   * Generates an image from another image. An editing model (FLUX.1 Kontext, FLUX.2 klein) uses the
   * image as a reference, and the prompt is an instruction. Other bases start sampling from the
   * noised image, and the prompt describes the whole result.
   *
   * @param image the image as base64 data or as a {@code data:} URL; other URLs are not loaded
   * @param prompt the prompt
   * @return one image
   * @throws InvalidRequestException if the image cannot be read or an option does not fit the base
   * @throws InternalServerException if memory, a device or a native library is missing
   */
  @Override
  public Response<Image> edit(Image image, String prompt) {
    return one(mapped(
        () -> generate(prompt, 1, InitialImage.of(ImageBytes.of("image", image).image()))));
  }

  /**
   * Generates a part of an image. If the image already has the size of the result, pixels outside
   * this part do not change. Otherwise, they are only resized.
   *
   * @param image the image as base64 data or as a {@code data:} URL; other URLs are not loaded
   * @param mask the part to generate, as an image in base64 data or a {@code data:} URL. If the
   *     mask has transparent pixels, the transparent part is generated, as in OpenAI's API.
   *     Otherwise, the white part is generated. The mask is resized to the result's size
   * @param prompt the prompt
   * @return one image
   * @throws InvalidRequestException if an image cannot be read or an option does not fit the base
   * @throws InternalServerException if memory, a device or a native library is missing
   */
  @Override
  public Response<Image> edit(Image image, Image mask, String prompt) {
    return one(mapped(() -> generate(
        prompt,
        1,
        InitialImage.of(ImageBytes.of("image", image).image())
            .mask(ImageBytes.of("mask", mask).mask()))));
  }

  private Response<List<Image>> generate(String prompt, int n, @Nullable InitialImage from) {
    if (prompt == null) {
      throw new IllegalArgumentException("the prompt is null; give a text");
    }
    if (n > maxImages) {
      throw new IllegalArgumentException("a call asks for " + n
          + " images, and this image model generates at most " + maxImages
          + " in a call; ask for fewer images, or raise maxImages");
    }
    ImageRequest ask = ImageRequest.of(prompt).seed(ThreadLocalRandom.current().nextLong(1L << 32));
    ImageRequest whole = options.apply(from == null ? ask : ask.initialImage(from));
    List<GeneratedImage> images = queue.generateAll(whole.count(n));
    return Response.from(
        images.stream().map(this::encode).toList(),
        null,
        null,
        Map.of(
            "model",
            queue.base().name(),
            "seeds",
            images.stream().map(GeneratedImage::seed).toList()));
  }

  private Image encode(GeneratedImage generated) {
    byte[] png = marking == null ? generated.toPng() : generated.toPng(marking);
    return Image.builder()
        .base64Data(Base64.getEncoder().encodeToString(png))
        .mimeType(PNG)
        .build();
  }

  private static Response<Image> one(Response<List<Image>> all) {
    return Response.from(all.content().get(0), null, null, all.metadata());
  }

  private static <T> T mapped(Supplier<T> work) {
    try {
      return work.get();
    } catch (IllegalArgumentException | InvalidInputException e) {
      throw new InvalidRequestException(e.getMessage(), e);
    } catch (QueueFullException e) {
      throw new RateLimitException(e.getMessage(), e);
    } catch (ResourceLimitException e) {
      throw new InternalServerException(e.getMessage(), e);
    } catch (LikenessException | IllegalStateException e) {
      throw new NonRetriableException(e.getMessage(), e);
    }
  }
}
