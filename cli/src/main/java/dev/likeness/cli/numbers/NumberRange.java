package dev.likeness.cli.numbers;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The range of an option that takes numbers, or lists of numbers. Every such option has a range.
 * The default of an option may be outside, because it stands for "not given".
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
public @interface NumberRange {
  /** The largest side of an image, in pixels. */
  int MAX_SIDE = 16_384;

  /** The largest number of sampling steps. Published schedulers have at most 1,000 timesteps. */
  int MAX_STEPS = 10_000;

  /** The largest number of training steps. */
  int MAX_TRAINING_STEPS = 1_000_000;

  /** The largest number of images that one command generates. */
  int MAX_IMAGES = 100_000;

  /** Returns the smallest number. */
  double min() default -Float.MAX_VALUE;

  /** Returns the largest number. */
  double max() default Float.MAX_VALUE;

  /** Returns true if {@link #min} itself is refused. */
  boolean above() default false;

  /** Returns true if {@link #max} itself is refused. */
  boolean below() default false;
}
