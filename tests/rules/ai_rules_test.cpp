// SPDX-License-Identifier: GPL-3.0-or-later
/// Servers of models and training, by the command lines with which they really run: binary, venv, container, module.
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/decide.hpp"
#include "core/names.hpp"
#include "rules/shipped_policy.hpp"

using namespace priorityd;

namespace {

/// A process as /proc shows it.
struct Program {
    const char* exe;      ///< Where the link leads, all links followed: for a script, to its interpreter.
    const char* cmdline;  ///< Arguments without blanks in them, joined by blanks.
    std::string code;     ///< One argument more, with blanks, in third place: what stands behind -c or -e.
};

struct Row {
    const char* product;
    Program program;
    const char* class_name;
    std::vector<Program> ancestors = {};
    const char* cgroup = "/user.slice/user-1000.slice/session-2.scope";
};

constexpr const char* kDocker =
    "/system.slice/docker-8f2c1d7be0a94c6f9a0f7d3c55a1b2e8c3d4f5061728394a5b6c7d8e9fa0b1c2.scope";
constexpr const char* kPod =
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod31.slice/cri-containerd-4b1d.scope";
constexpr const char* kPodman = "/machine.slice/libpod-77ff09.scope/container";

const char* const kPython = "/usr/bin/python3.12";
const char* const kConda = "/opt/conda/bin/python3.11";
const char* const kSpawn = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=56, pipe_handle=55)";

Program python(const char* cmdline)
{
    return {kPython, cmdline, {}};
}
Program conda(const char* cmdline)
{
    return {kConda, cmdline, {}};
}
Program binary(const char* cmdline)
{
    return {nullptr, cmdline, {}};
}

/// comm is that of the weakest case: what argv[0] says, where a script run by its #! line would say more.
Snapshot snapshot(const Program& program, const char* cgroup)
{
    constexpr std::size_t kCommLength = 15;
    Snapshot process;
    process.known = Fact::exe | Fact::stat | Fact::argv | Fact::owner | Fact::cgroup | Fact::parent | Fact::ancestors |
                    Fact::devices;
    std::istringstream words{program.cmdline};
    for (std::string word; words >> word;)
        process.argv.push_back(word);
    if (!program.code.empty())
        process.argv.insert(process.argv.begin() + 2, program.code);
    process.exe = program.exe ? program.exe : process.argv.front();
    process.comm = base_name(process.argv.front()).substr(0, kCommLength);
    process.uid = Uid{1000};
    process.gid = Gid{1000};
    process.cgroup = cgroup;
    process.names = names_of(process);
    return process;
}

std::string class_of(const Row& row)
{
    auto process = snapshot(row.program, row.cgroup);
    for (const auto& ancestor : row.ancestors)
        process.ancestors.push_back(snapshot(ancestor, row.cgroup).names);
    return std::string{judge(make_engines({.policy = shipped_policy()}), process, Instant{}).class_name()};
}

void check(const std::vector<Row>& rows)
{
    for (const auto& row : rows) {
        const auto what = fmt::format("{}: {} {}", row.product, row.program.cmdline, row.program.code);
        CHECK_MESSAGE(class_of(row) == std::string{row.class_name}, what);
    }
}

}  // namespace

TEST_CASE("llama.cpp and Ollama answer; what converts and measures models is batch work")
{
    check({
        {"llama.cpp", binary("/usr/bin/llama-server -m /models/m.gguf --port 8080"), "inference"},
        {"llama.cpp", binary("./build/bin/llama-server -hf ggml-org/gemma-3-1b-it-GGUF"), "inference"},
        {"llama.cpp", binary("/app/llama-server --host 0.0.0.0 -m /models/m.gguf"), "inference", {}, kDocker},
        {"llama.cpp", binary("/home/linuxbrew/.linuxbrew/bin/llama serve -hf org/model"), "inference"},
        {"llama.cpp", binary("llama cli -m m.gguf"), "inference"},
        {"llama.cpp", binary("/usr/bin/llama-cli -m m.gguf -cnv"), "inference"},
        {"llama.cpp, old name", binary("/srv/llama.cpp/build/bin/server -m m.gguf"), "inference"},
        {"llama.cpp in Python", python("/opt/venv/bin/python3 -m llama_cpp.server --model m.gguf"), "inference"},
        {"llama.cpp in Python", python("python3 -m llama_cpp.server --model m.gguf"), "inference", {}, kPodman},
        {"llama.cpp", binary("/usr/bin/llama-quantize in.gguf out.gguf Q4_K_M"), "batch"},
        {"llama.cpp", binary("/app/llama-bench -m /models/m.gguf"), "batch", {}, kDocker},
        {"llama.cpp", binary("/usr/bin/llama-perplexity -m m.gguf -f wiki.test.raw"), "batch"},
        {"llama.cpp", binary("llama quantize in.gguf out.gguf Q4_K_M"), "batch"},
        {"llama.cpp", python("/opt/venv/bin/python3 convert_hf_to_gguf.py Meta-Llama --outtype f16"), "batch"},
        {"llama.cpp", binary("/usr/bin/llama-finetune -m m.gguf -f text"), "training"},
        {"Ollama", binary("/usr/local/bin/ollama serve"), "inference", {}, "/system.slice/ollama.service"},
        {"Ollama", binary("/usr/bin/ollama serve"), "inference", {}, kDocker},
        {"Ollama", binary("/usr/local/bin/ollama runner --ollama-engine --model /b/sha256-9e --port 38363"),
         "inference"},
        {"Ollama, before 0.5",
         binary("/usr/local/lib/ollama/runners/cuda_v12_avx/ollama_llama_server runner --model /b/s"), "inference"},
        {"Ollama, with llama.cpp", binary("/usr/local/lib/ollama/llama-server --model /b/sha256-bbb --port 2"),
         "inference"},
    });
}

TEST_CASE("LM Studio is known with a window, without, and by the process that computes")
{
    const Program server{"/home/u/.lmstudio/llmster/0.0.6-1/llmster", "llmster", {}};
    const auto worker = [](const char* node, const char* script) {
        return Program{node, "node -e", std::string{"process.title = ''; require(\""} + script + "\")"};
    };
    check({
        {"LM Studio", server, "inference"},
        {"LM Studio", server, "inference", {}, kDocker},
        {"LM Studio", binary("/opt/LM-Studio/lm-studio --type=broker"), "inference"},
        {"LM Studio", binary("/tmp/.mount_LM-StumEkll2/lm-studio"), "inference"},
        {"LM Studio",
         worker("/home/u/.lmstudio/.internal/utils/node", "/home/u/.lmstudio/llmster/0.0.6-1/.bundle/lib/llmworker.js"),
         "inference"},
        {"LM Studio", worker("/home/u/.cache/lm-studio/.internal/utils/node", "/opt/lm-studio/lib/llmworker.js"),
         "inference"},
        {"somebody's worker", worker("/usr/bin/node", "/srv/app/llmworker.js"), ""},
        {"somebody's worker", {"/usr/bin/node", "node /srv/app/llmworker.js", {}}, ""},
    });
}

TEST_CASE("vLLM and SGLang are known by command and module, and their processes by the names that these take")
{
    const auto vllm = python("/opt/venv/bin/python3 /opt/venv/bin/vllm serve Qwen/Qwen3-8B -tp 2");
    check({
        {"vLLM", vllm, "inference"},
        {"vLLM", python("/usr/bin/python3 /usr/local/bin/vllm serve --model org/m"), "inference", {}, kDocker},
        {"vLLM", conda("/opt/conda/bin/python /opt/conda/bin/vllm serve m"), "inference", {}, kPod},
        {"vLLM", python("python3 -m vllm.entrypoints.openai.api_server --model m"), "inference"},
        {"vLLM", python("python3 -m vllm.entrypoints.openai.api_server --model m"), "inference", {}, kDocker},
        {"vLLM", python("VLLM::EngineCore"), "inference", {vllm}},
        {"vLLM", python("VLLM::Worker_TP0"), "inference", {python("VLLM::EngineCore"), vllm}, kDocker},
        {"vLLM", python("VLLM::Worker_DP0_PP0_TP1_EP1"), "inference", {}, kPod},
        {"vLLM", python("VLLM::APIServer_0"), "inference"},
        {"vLLM", {kPython, "/opt/venv/bin/python3 -c --multiprocessing-fork", kSpawn}, "inference", {vllm}},
        {"vLLM",
         {kPython, "python3 -c --multiprocessing-fork", kSpawn},
         "inference",
         {python("VLLM::EngineCore"), python("python3 -m vllm.entrypoints.openai.api_server")}},
        {"vLLM", python("/opt/venv/bin/python3 /opt/venv/bin/vllm run-batch -i in.jsonl -o out.jsonl"), "batch"},
        {"vLLM", python("python3 -m vllm.entrypoints.openai.run_batch -i in.jsonl -o out.jsonl"), "batch"},
        {"vLLM-Omni", python("vLLM-Omni::DiffusionWorker-0"), "inference"},
        {"SGLang", python("python3 -m sglang.launch_server --model-path m --tp 2"), "inference"},
        {"SGLang", python("/opt/venv/bin/python3 -m sglang.launch_server --model-path m"), "inference", {}, kDocker},
        {"SGLang", python("/opt/venv/bin/python3 /opt/venv/bin/sglang serve --model-path m"), "inference"},
        {"SGLang", python("sglang::scheduler_TP0"), "inference", {}, kPod},
        {"SGLang", python("sglang::detokenizer"), "inference"},
        {"SGLang", python("sglang::tokenizer_worker:4711"), "inference"},
        {"SGLang",
         {kPython, "python3 -c --multiprocessing-fork", kSpawn},
         "inference",
         {python("python3 -m sglang.launch_server --model-path m")}},
        {"SGLang", python("sgl_diffusion::scheduler_TP0"), "inference"},
        {"SGLang", python("python3 -m sglang_router.launch_router --worker-urls http://a"), "inference"},
        {"SGLang", binary("/usr/local/bin/sgl-model-gateway --worker-urls http://a"), "inference"},
    });
}

TEST_CASE("the servers of Hugging Face and NVIDIA are known with all their processes")
{
    check({
        {"TGI", binary("text-generation-launcher --json-output"), "inference", {}, kPod},
        {"TGI", binary("/usr/local/bin/text-generation-launcher --model-id m"), "inference", {}, kDocker},
        {"TGI", binary("text-generation-router --max-concurrent-requests 128"), "inference", {}, kPod},
        {"TGI", binary("text-generation-router-llamacpp --port 8080"), "inference", {}, kDocker},
        {"TGI",
         conda("/opt/conda/bin/python3.11 /opt/conda/bin/text-generation-server serve google/flan-t5-small"),
         "inference",
         {},
         kPod},
        {"TGI", python("/usr/src/.venv/bin/python /usr/src/.venv/bin/text-generation-server serve m"), "inference"},
        {"TGI", python("python3 -m text_generation_server.cli serve m"), "inference"},
        {"TEI", binary("text-embeddings-router --model-id BAAI/bge-large-en-v1.5 --port 80"), "inference", {}, kDocker},
        {"TEI", binary("/home/u/.cargo/bin/text-embeddings-router --model-id m"), "inference"},
        {"TEI", python("/opt/venv/bin/python3 /opt/venv/bin/python-text-embeddings-server serve /data --dtype float32"),
         "inference"},
        {"Triton", binary("tritonserver --model-repository=/models"), "inference", {}, kDocker},
        {"Triton", binary("/opt/tritonserver/bin/tritonserver --model-repository=/models"), "inference"},
        {"Triton",
         binary("/opt/tritonserver/backends/python/triton_python_backend_stub /models/post/1/model.py shm 1048576"),
         "inference",
         {binary("tritonserver")},
         kDocker},
        {"Triton, TensorRT-LLM",
         binary("/opt/tritonserver/backends/tensorrtllm/trtllmExecutorWorker"),
         "inference",
         {},
         kPod},
    });
}

TEST_CASE("ComfyUI is known by its folder, venv, unit, container, parent, port and options")
{
    const auto plain = python("python main.py --listen 0.0.0.0");
    check({
        {"ComfyUI", python("python3 /workspace/ComfyUI/main.py --listen 0.0.0.0"), "inference"},
        {"ComfyUI", python("python -u /comfyui/main.py --listen"), "inference", {}, kDocker},
        {"ComfyUI", python("python3 ./ComfyUI/main.py --listen"), "inference", {}, kPodman},
        {"ComfyUI", python("python ComfyUI/main.py --listen"), "inference"},
        {"ComfyUI", python("/home/u/ComfyUI/.venv/bin/python main.py --listen"), "inference"},
        {"ComfyUI", python("/home/u/ComfyUI/venv/bin/python3 -s main.py"), "inference"},
        {"ComfyUI", plain, "inference", {}, "/system.slice/comfyui.service"},
        {"ComfyUI", plain, "inference", {}, "/lxc.payload.comfyui"},
        {"ComfyUI", plain, "inference", {python("/opt/venv/bin/python3 /opt/venv/bin/comfy launch")}},
        {"ComfyUI", python("python main.py --listen 0.0.0.0 --port 8188"), "inference", {}, kDocker},
        {"ComfyUI", python("python3 main.py --listen 0.0.0.0 --highvram"), "inference", {}, kPod},
        {"ComfyUI", python("python3 main.py --preview-method auto"), "inference"},
        {"somebody's program", plain, ""},
        {"somebody's program in a container", plain, "", {}, kDocker},
        {"somebody's program", python("python main.py --port 8080"), ""},
    });
}

TEST_CASE("whisper.cpp answers as a server, and works through files as batch work")
{
    check({
        {"whisper.cpp", binary("/usr/bin/whisper-server -m ggml-base.en.bin"), "inference"},
        {"whisper.cpp", binary("./build/bin/whisper-server -m models/ggml-base.en.bin"), "inference"},
        {"whisper.cpp", binary("/app/build/bin/whisper-server -m m.bin --host 0.0.0.0"), "inference", {}, kDocker},
        {"whisper.cpp, old name", binary("/opt/whisper.cpp/build/bin/server -m m.bin"), "inference"},
        {"whisper.cpp", binary("/usr/bin/whisper-stream -m m.bin"), "inference"},
        {"whisper.cpp", binary("/usr/bin/whisper-cli -m m.bin -f interview.wav"), "batch"},
        {"somebody's server", binary("/opt/app/bin/server --port 80"), ""},
    });
}

TEST_CASE("workers of Ray say whether they answer or train")
{
    const std::vector<Program> raylet{binary("/opt/venv/lib/python3.12/site-packages/ray/core/src/ray/raylet/raylet")};
    check({
        {"Ray", python("ray::ServeReplica:default:LLMServer"), "inference", raylet},
        {"Ray", python("ray::ServeReplica:llm:vLLMDeployment"), "inference", raylet, kPod},
        {"Ray, vLLM", python("ray::RayWorkerWrapper.execute_method"), "inference", raylet, kDocker},
        {"Ray, vLLM", python("ray::DPMoEEngineCoreActor.run"), "inference", raylet},
        {"Ray", conda("ray::RayTrainWorker"), "training", raylet, kPod},
        {"Ray", python("ray::_RayTrainWorker__execute.get_next"), "training", raylet},
        {"Ray, verl", python("ray::WorkerDict.actor_rollout_compute_log_prob"), "training", raylet, kDocker},
        {"Ray, RLlib", python("ray::SingleAgentEnvRunner.sample"), "training", raylet},
        {"Ray", python("/opt/venv/bin/python3 -m verl.trainer.main_ppo data.train_files=a"), "training"},
        {"Ray", python("ray::IDLE"), "", raylet},
        {"Ray", python("python3 -u /opt/venv/lib/python3.12/site-packages/ray/_private/workers/default_worker.py"), "",
         raylet},
        {"Ray", raylet.front(), "service"},
    });
}

TEST_CASE("torchrun, DeepSpeed and Accelerate train, and so do the processes that they start for each GPU")
{
    const auto torchrun = python("/opt/venv/bin/python3 /opt/venv/bin/torchrun --nproc_per_node 2 my_model.py");
    const auto torch_module = conda("/opt/conda/bin/python -m torch.distributed.run --nproc_per_node 2 my_model.py");
    const auto accelerate = python("/opt/venv/bin/python3 /opt/venv/bin/accelerate launch my_model.py");
    const auto accelerate_module = python("python3 -m accelerate.commands.launch my_model.py");
    const auto deepspeed =
        conda("/opt/conda/bin/python3.11 -u -m deepspeed.launcher.launch --world_info=e my_model.py");
    const auto worker = python("/opt/venv/bin/python3 -u my_model.py --lr 1e-4");
    const auto pictures =
        python("/opt/venv/bin/python3 /opt/venv/bin/accelerate launch --num_cpu_threads_per_process=6 launch.py");
    check({
        {"torchrun", torchrun, "training"},
        {"torchrun", torchrun, "training", {}, kDocker},
        {"torchrun", torch_module, "training"},
        {"torchrun", worker, "training", {torchrun}},
        {"torchrun", worker, "training", {torch_module}, kPod},
        {"torchrun",
         {kPython, "/opt/venv/bin/python3 -c --multiprocessing-fork", kSpawn},
         "training",
         {worker, torchrun}},
        {"accelerate", accelerate, "training"},
        {"accelerate", accelerate, "training", {}, kDocker},
        {"accelerate", accelerate_module, "training"},
        {"accelerate", python("/opt/venv/bin/python3 /opt/venv/bin/accelerate-launch my_model.py"), "training"},
        {"accelerate", worker, "training", {accelerate}},
        {"accelerate", worker, "training", {accelerate_module}, kDocker},
        {"DeepSpeed", conda("/opt/conda/bin/python3.11 /opt/conda/bin/deepspeed --num_gpus 2 my_model.py"), "training"},
        {"DeepSpeed", worker, "training", {deepspeed}},
        {"a script", python("python3 -u train.py --epochs 3"), "training", {}, kDocker},
        {"a script", python("/home/u/.venv/bin/python ./train.py"), "training"},
        {"Automatic1111", pictures, ""},
        {"Automatic1111", python("/home/u/stable-diffusion-webui/venv/bin/python launch.py"), "inference", {pictures}},
        {"vLLM, started by torchrun", python("python3 -m vllm.entrypoints.openai.api_server"), "inference", {torchrun}},
        {"accelerate", python("/opt/venv/bin/python3 /opt/venv/bin/accelerate config"), ""},
    });
}

TEST_CASE("what only looks like a server of models or like training is left alone")
{
    const auto web = python("/srv/venv/bin/python3 /srv/venv/bin/gunicorn app:app");
    check({
        {"Django", python("python3 manage.py serve"), ""},
        {"Python", python("python3 -m http.server 8000"), ""},
        {"somebody's server", python("/srv/venv/bin/python3 serve.py --model small"), ""},
        {"somebody's server", python("python3 /srv/app/server.py"), ""},
        {"somebody's server", python("/srv/venv/bin/python3 -m uvicorn main:app"), "service"},
        {"pip", python("python3 -m pip install vllm sglang"), ""},
        {"vLLM's measurement", python("/opt/venv/bin/python3 /opt/venv/bin/vllm bench serving"), ""},
        {"a pool of processes", {kPython, "python3 -c --multiprocessing-fork", kSpawn}, "", {web}},
        {"code", {kPython, "python3 -c", "import vllm; print(vllm.__version__)"}, ""},
        {"timetable of trains", python("python3 trains.py"), ""},
        {"an editor", {"/usr/bin/vim.basic", "vim train.py", {}}, "interactive"},
        {"a shell script", {"/usr/bin/bash", "bash ./vllm-start.sh serve", {}}, ""},
        {"ssh", binary("ssh gpu vllm serve m"), ""},
        {"LM Studio's client", binary("/home/u/.lmstudio/bin/lms server start"), ""},
        {"llama.cpp", binary("llama version"), ""},
    });
}
