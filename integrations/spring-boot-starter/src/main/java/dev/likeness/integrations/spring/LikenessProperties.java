package dev.likeness.integrations.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties of the starter, below {@code likeness}.
 *
 * @param model the base model: a diffusers folder, a folder of the Hugging Face cache or a single
 *     file. Without this property, the embedded model of {@code likeness-portrait-model} is used
 * @param device {@code cpu}, {@code cuda} or {@code cuda:<index>}; without this property, the best
 *     device
 * @param dtype {@code f32}, {@code bf16} or {@code f16}; without this property, the device's
 *     default
 * @param memory the memory that the generation of one image may use, such as {@code 8GB}; without
 *     this property, there is no limit
 * @param identity a folder with the files of an identity method, as
 *     {@link dev.likeness.ipadapter.IdentityFiles#findIn} finds them; with this property, the
 *     adapter is a bean
 * @param commercial true if the licences of the base and of the identity method must allow
 *     commercial use
 * @param maxImages the largest number of images in one call of the image model, at least 1
 * @param queue the limits of the queue
 */
@ConfigurationProperties("likeness")
public record LikenessProperties(
    @Nullable String model,
    @Nullable String device,
    @Nullable String dtype,
    @Nullable DataSize memory,
    @Nullable String identity,
    @DefaultValue("false") boolean commercial,
    @DefaultValue("8") int maxImages,
    @DefaultValue Queue queue) {
  /**
   * The limits of the queue, below {@code likeness.queue}.
   *
   * @param workers number of jobs that run at once, at least 1
   * @param capacity number of jobs that may wait, at least 1
   * @param memory the largest estimated memory of all running jobs together, such as {@code 10GB};
   *     without this property, there is no limit
   */
  public record Queue(
      @DefaultValue("2") int workers,
      @DefaultValue("64") int capacity,
      @Nullable DataSize memory) {}
}
