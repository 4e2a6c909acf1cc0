/**
 * Devices, data types, memory budgets and latents.
 *
 * <p>{@link Compute} is the device and the element type of a model; {@link Compute#EXACT} is f32 on
 * the CPU. {@link MemoryBudget} limits the memory of a model. The library streams or quantises the
 * model to stay within the limit. {@link DeviceMemory} reads the memory of a device.
 * {@link Latents} can be kept, interpolated and sampled from again. {@link Latents#toTensor()}
 * returns a tensor that its caller owns. {@link CpuSettings} lists environment variables that make
 * libtorch faster on CPUs.
 *
 * <pre>{@code
 * Compute cpu = Compute.of("cpu", "f32");
 * System.out.println(DeviceMemory.of(cpu));
 * System.out.println("set before the JVM starts: " + CpuSettings.missing());
 * try (BaseModel base = BaseModel.open(Path.of("base"), cpu)) {
 *   Latents between = base.noise(1, 512, 512).slerp(base.noise(2, 512, 512), 0.5);
 *   base.generate(ImageRequest.of("portrait").size(512, 512).noise(between));
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.diffusion.tensor;

import org.jspecify.annotations.NullMarked;
