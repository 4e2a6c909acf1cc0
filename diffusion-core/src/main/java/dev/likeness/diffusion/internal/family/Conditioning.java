package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Encoded prompts of a request, shared by all of its images.
 *
 * @param positive encodings of the prompt, at each row of the plan: tokens [1, tokens, width],
 *     pooled [1, width]
 * @param negative encodings of the negative prompt in the same shape; null without guidance
 */
public record Conditioning(List<TextEncoding> positive, List<TextEncoding> negative) {
  /**
   * Constant prompts.
   *
   * @param encoded one row for the prompt, preceded by one for the negative prompt if there are two
   */
  public static Conditioning constant(TextEncoding encoded, int rows) {
    long last = encoded.tokens().size(0) - 1;
    return new Conditioning(
        Collections.nCopies(rows, encoded.narrow(last, 1)),
        last == 0 ? null : Collections.nCopies(rows, encoded.narrow(0, 1)));
  }

  /**
   * The constant prompts of a request to encode with its first text encoder; with guidance, the
   * negative prompt comes first.
   *
   * @param skips true if the base supports clip skip
   * @throws IllegalArgumentException if the base does not support the request's prompt syntax,
   *     embeddings or clip skip
   */
  public static List<String> promptsToEncode(ImageRequest request, boolean guided, boolean skips) {
    PromptOptions prompting = request.prompts();
    if (prompting.syntax() != PromptSyntax.PLAIN
        || request.embedding().isPresent()
        || request.negativeEmbedding().isPresent()) {
      throw new IllegalArgumentException(
          "the prompt syntax \"a1111\" and prompt embeddings need a base with a UNet; give this"
              + " base plain prompts");
    }
    if (prompting.clipSkip() > 0 && !skips) {
      throw new IllegalArgumentException("this base does not support clip skip "
          + prompting.clipSkip() + ", because the base uses no hidden states of CLIP; leave clip"
          + " skip out");
    }
    return prompts(request, guided, 0);
  }

  /**
   * The constant prompts of one text encoder; with guidance, the negative prompt comes first.
   *
   * @param encoder the index of the text encoder, from 0
   */
  public static List<String> prompts(ImageRequest request, boolean guided, int encoder) {
    PromptOptions prompting = request.prompts();
    String prompt = prompting.text(encoder, false);
    return guided ? List.of(prompting.text(encoder, true), prompt) : List.of(prompt);
  }

  /** A copy of the encodings, which the region keeps. */
  public Conditioning keptIn(TensorRegion region) {
    Map<TextEncoding, TextEncoding> copies = new IdentityHashMap<>();
    UnaryOperator<TextEncoding> copy = encoding -> copies.computeIfAbsent(
        encoding,
        own -> new TextEncoding(
            region.keep(own.tokens().clone()),
            own.pooled() == null ? null : region.keep(own.pooled().clone())));
    return new Conditioning(
        positive.stream().map(copy).toList(),
        negative == null ? null : negative.stream().map(copy).toList());
  }

  /** The encoding at a row of the plan. */
  public TextEncoding at(int row, boolean ofNegative) {
    return (ofNegative ? negative : positive).get(row);
  }
}
