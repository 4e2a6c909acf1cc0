/**
 * The samplers of k-diffusion 0.1.1 and those that ComfyUI and Stable Diffusion web UI add, under
 * k-diffusion's function names ({@code sample_dpmpp_2s_ancestral}) and with the options of its
 * functions.
 */
package dev.likeness.schedulers.kdiffusion;
