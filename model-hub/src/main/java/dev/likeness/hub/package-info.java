/**
 * Downloads models from a Hugging Face hub, or from a mirror of it. This is the only package of the
 * project that opens a connection, and it does so only when it is called.
 *
 * <p>{@link ModelHub} downloads into the cache of Python's {@code huggingface_hub}: models that
 * Python has downloaded are used, and Python uses those that this package has downloaded.
 * {@link HubSettings} reads the environment variables of {@code huggingface_hub}, such as
 * {@code HF_HOME}, {@code HF_TOKEN}, {@code HF_ENDPOINT} and {@code HF_HUB_OFFLINE}.
 *
 * <p>{@link WebFile}s of other sites, and files of Civitai, go to a folder of their own:
 * {@link FileStore}.
 *
 * <pre>{@code
 * ModelHub hub = ModelHub.open();
 * Path folder = hub.get("owner/name");
 * Path file = hub.get("owner/name@main:model.safetensors");
 * }</pre>
 */
@NullMarked
package dev.likeness.hub;

import org.jspecify.annotations.NullMarked;
