package dev.likeness.schedulers;

/**
 * One row of a plan: one call of the network and one linear update.
 *
 * @param index the row's place in its plan, from 0
 * @param timestep what the network is told about the noise level; may be fractional
 * @param level the noise level of the sample that enters this row
 * @param scaling how the network is called and how its answer becomes a denoised prediction
 * @param clipping what happens to the denoised prediction before it is used
 * @param update the next sample
 * @param variance how the network scales the noise that this row draws; mostly
 *     {@link LearnedVariance#NONE}
 */
public record Step(
    int index,
    double timestep,
    NoiseLevel level,
    Scaling scaling,
    Clipping clipping,
    Update update,
    LearnedVariance variance) {}
