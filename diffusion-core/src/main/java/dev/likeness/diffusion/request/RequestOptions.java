package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.PromptOptions.EncoderPrompts;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The fluent methods of {@link ImageRequest}. Each returns a copy of the request with a changed
 * option.
 */
public interface RequestOptions extends RequestSampling {
  /**
   * {@return a copy of this request with the given size options}
   *
   * @param options image size and SDXL's size conditioning
   */
  ImageRequest sizeOptions(SizeOptions options);

  /**
   * {@return a copy of this request with the given guidance options} If the options have no scale,
   * the request keeps its own scale.
   *
   * @param options guidance scale, formula and interval
   */
  ImageRequest guidance(GuidanceOptions options);

  /**
   * {@return this request with these adapters in place of its own}
   *
   * @param others the adapters; their changes to the model are summed
   */
  ImageRequest adapters(List<Adapter> others);

  /**
   * {@return this request with an initial image, for image-to-image, inpainting or outpainting}
   *
   * @param image the initial image or latents
   */
  ImageRequest initialImage(InitialImage image);

  /**
   * {@return this request with these control images in place of its own}
   *
   * @param others the control images; an empty list removes all
   */
  ImageRequest controlImages(List<ControlImage> others);

  /**
   * {@return this request with these reference images in place of its own}
   *
   * @param others the images that an editing model uses as inputs
   */
  ImageRequest referenceImages(ReferenceImages others);

  /**
   * {@return this request with reference images in place of its own} An editing model, such as
   * FLUX.2 klein, uses the images as inputs. The prompt may refer to the images by number, from 1.
   *
   * @param images the images, in the order of their numbers; they may have different sizes
   * @throws NullPointerException if an image is null
   */
  default ImageRequest images(RgbImage... images) {
    return referenceImages(referenceImages().images(Arrays.asList(images)));
  }

  /**
   * {@return a copy of this request with the given tiling options}
   *
   * @param options windows over the sample, and decoding in strips
   */
  ImageRequest tiling(TilingOptions options);

  /**
   * {@return a copy of this request with the given prompt}
   *
   * @param text the prompt; not null
   */
  default ImageRequest prompt(String text) {
    return prompts(prompts().prompt(text));
  }

  /**
   * {@return a copy of this request with the given negative prompt}
   *
   * @param text the negative prompt; see {@link PromptOptions#negative()}
   */
  default ImageRequest negative(String text) {
    return prompts(prompts().negative(text));
  }

  /**
   * {@return a copy of this request with the given prompt for the second text encoder (diffusers:
   * {@code prompt_2})} On FLUX.1, this text encoder is T5.
   *
   * @param text the prompt; if it is empty, the prompt of the first text encoder is used
   */
  default ImageRequest prompt2(String text) {
    return second(Optional.of(text), prompts().encoderPrompts().negativeSecond());
  }

  /**
   * {@return a copy of this request with the given prompt for the third text encoder (diffusers:
   * {@code prompt_3})} On Stable Diffusion 3, this text encoder is T5.
   *
   * @param text the prompt; if it is empty, the prompt of the first text encoder is used
   */
  default ImageRequest prompt3(String text) {
    return third(Optional.of(text), prompts().encoderPrompts().negativeThird());
  }

  /**
   * {@return a copy of this request with the given negative prompt for the second text encoder
   * (diffusers: {@code negative_prompt_2})}
   *
   * @param text the negative prompt; if it is empty, the negative prompt of the first text encoder
   *     is used
   */
  default ImageRequest negative2(String text) {
    return second(prompts().encoderPrompts().second(), Optional.of(text));
  }

  /**
   * {@return a copy of this request with the given negative prompt for the third text encoder
   * (diffusers: {@code negative_prompt_3})}
   *
   * @param text the negative prompt; if it is empty, the negative prompt of the first text encoder
   *     is used
   */
  default ImageRequest negative3(String text) {
    return third(prompts().encoderPrompts().third(), Optional.of(text));
  }

  /**
   * {@return a copy of this request with the given number of tokens for a T5 or Qwen3 text encoder
   * (diffusers: {@code max_sequence_length})}
   *
   * @param tokens the number of tokens, at least 1
   * @throws IllegalArgumentException if the number is below 1. {@code BaseModel.generate} throws
   *     the same exception if the base does not support the number
   */
  default ImageRequest maxSequenceLength(int tokens) {
    return prompts(prompts().maxSequenceLength(tokens));
  }

  /**
   * {@return a copy of this request with the given guidance scale} See
   * {@link GuidanceOptions#scale()}.
   *
   * @param scale the guidance scale
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  default ImageRequest guidance(double scale) {
    return guidance(guidanceOptions().scale(scale));
  }

  /**
   * {@return a copy of this request with the given image size}
   *
   * @param width the width in pixels, a multiple of {@code BaseModel.sizeMultiple()}
   * @param height the height in pixels, a multiple of {@code BaseModel.sizeMultiple()}
   * @throws IllegalArgumentException if a side is below 1
   */
  default ImageRequest size(int width, int height) {
    return sizeOptions(sizeOptions().size(width, height));
  }

  /**
   * {@return this request with one more adapter, for example a person:
   * {@code adapter(ada.at(0.8))}} Prompts may use the adapter's tokens. The adapter's reference
   * images follow those of the request.
   *
   * @param adapter the adapter; its change is added to the changes of the other adapters
   * @throws IllegalArgumentException if a token stands for two different textual inversions, or if
   *     the reference images of request and adapter have different area limits or strengths
   */
  default ImageRequest adapter(Adapter adapter) {
    PromptOptions named = prompts();
    for (Adapter summand : adapter.components()) {
      for (TextualInversion inversion : summand.textualInversions()) {
        named = named.textualInversion(inversion);
      }
    }
    return adapters(appended(adapters(), adapter))
        .prompts(named)
        .referenceImages(referenceImages().and(adapter));
  }

  /** {@return this request with its adapters, but without their gradient guidance} */
  default ImageRequest withoutGradientGuidance() {
    return adapters(adapters().stream().map(Adapter::withoutGradientGuidance).toList());
  }

  /**
   * {@return this request with SDXL's size conditioning for the prompt}
   *
   * @param positive the size conditioning of the prompt
   */
  default ImageRequest sizeConditioning(SizeConditioning positive) {
    return sizeOptions(sizeOptions().conditioning(positive));
  }

  /**
   * {@return this request with SDXL's size conditioning for prompt and negative prompt}
   *
   * @param positive the size conditioning of the prompt
   * @param negativePrompt the size conditioning of the negative prompt
   */
  default ImageRequest sizeConditioning(
      SizeConditioning positive, SizeConditioning negativePrompt) {
    return sizeOptions(sizeOptions().conditioning(positive, negativePrompt));
  }

  /**
   * {@return this request with an initial image, for image-to-image}
   *
   * @param image the image; it is resized to the request's size
   * @param strength the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the strength is not in 0..1
   */
  default ImageRequest initialImage(RgbImage image, double strength) {
    return initialImage(InitialImage.of(image).strength(strength));
  }

  /**
   * {@return this request for outpainting, with the size of the image plus its new margins}
   *
   * @param image the image in the middle
   * @param left the left margin in pixels, at least 0
   * @param top the top margin in pixels, at least 0
   * @param right the right margin in pixels, at least 0
   * @param bottom the bottom margin in pixels, at least 0
   * @throws IllegalArgumentException if a margin is negative
   */
  default ImageRequest outpaint(RgbImage image, int left, int top, int right, int bottom) {
    return initialImage(InitialImage.outpaint(image, left, top, right, bottom))
        .size(image.width() + left + right, image.height() + top + bottom);
  }

  /**
   * {@return a copy of this request with the given prompt syntax} Only Stable Diffusion 1.x, 2.x
   * and XL support {@link PromptSyntax#A1111}.
   *
   * @param syntax the syntax of prompt and negative prompt
   */
  default ImageRequest syntax(PromptSyntax syntax) {
    return prompts(prompts().syntax(syntax));
  }

  /**
   * {@return a copy of this request with the given clip skip; see {@link PromptOptions#clipSkip()}}
   *
   * @param layers how many of the text encoder's last layers are left out, at least 0, as in
   *     diffusers
   * @throws IllegalArgumentException if the number is negative
   */
  default ImageRequest clipSkip(int layers) {
    return prompts(prompts().clipSkip(layers));
  }

  /**
   * {@return this request with one more textual inversion, whose token the prompts may use}
   *
   * @param inversion the textual inversion
   * @throws IllegalArgumentException if the request has a different textual inversion of the same
   *     token
   */
  default ImageRequest textualInversion(TextualInversion inversion) {
    return prompts(prompts().textualInversion(inversion));
  }

  /**
   * {@return this request with one more control image}
   *
   * @param control the control image
   */
  default ImageRequest controlImage(ControlImage control) {
    return controlImages(appended(controlImages(), control));
  }

  /**
   * {@return this request with decoding in strips, which needs less memory} Apart from rounding
   * errors, the image is the same as without strips.
   */
  default ImageRequest withVaeTiling() {
    return tiling(tiling().withVaeTiling());
  }

  private ImageRequest second(Optional<String> text, Optional<String> negative) {
    EncoderPrompts own = prompts().encoderPrompts();
    return prompts(prompts()
        .encoderPrompts(new EncoderPrompts(text, own.third(), negative, own.negativeThird())));
  }

  private ImageRequest third(Optional<String> text, Optional<String> negative) {
    EncoderPrompts own = prompts().encoderPrompts();
    return prompts(prompts()
        .encoderPrompts(new EncoderPrompts(own.second(), text, own.negativeSecond(), negative)));
  }

  private static <T> List<T> appended(List<T> list, T one) {
    return Stream.concat(list.stream(), Stream.of(one)).toList();
  }
}
